package terminal

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/schollz/progressbar/v3"

	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// What lasts less than this is not shown: it would only flicker.
const (
	showAfter = 150 * time.Millisecond
	// Where there is no terminal each line stays, so lines are few.
	lineAfter = 10 * time.Second
	lineEvery = 30 * time.Second
)

// clearLine goes to the start of a terminal's line and empties it.
const clearLine = "\r\x1b[2K"

// Progress shows what is being done while it is done: on a terminal one line,
// with a bar, the rate and the time left while a sample is drawn, and nothing
// once it is over; elsewhere a plain line now and then of what takes long. Its
// methods may be called from several goroutines and return at once.
type Progress struct {
	w        io.Writer
	terminal bool
	language *words.Language

	mu          sync.Mutex
	label       string
	unit        string // what is counted, in the plural
	done, total int64
	bar         *progressbar.ProgressBar
	visible     bool // what is being done has been drawn
	shown       bool // something stands on the terminal's line
	timer       *time.Timer
	turn        int // tells a timer that its time is over
}

// NewProgress returns a Progress that writes to w, which is a terminal or not.
func NewProgress(w io.Writer, terminal bool, language *words.Language) *Progress {
	if language == nil {
		language = words.In("")
	}
	return &Progress{w: w, terminal: terminal, language: language}
}

// Doing says what is being done when no sample is drawn: "applying".
func (p *Progress) Doing(what split.Finding) { p.begin(p.language.Say(what), "", 0) }

// Sampling begins a sample of total requests at a place that has a name.
func (p *Progress) Sampling(place string, total int64) {
	p.begin(place, p.language.Words("unit-requests", nil), total)
}

// Counting begins something of which total samples are to be drawn.
func (p *Progress) Counting(what split.Finding, total int64) {
	p.begin(p.language.Say(what), p.language.Words("unit-samples", nil), total)
}

func (p *Progress) begin(label, unit string, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
	p.label, p.unit, p.done, p.total, p.bar, p.visible = printable(label), unit, 0, total, nil, false
	if p.terminal && total > 0 {
		p.bar = progressbar.NewOptions64(total,
			progressbar.OptionSetWriter(barWriter{p}),
			progressbar.OptionSetDescription(clip(p.label, 36)),
			progressbar.OptionSetWidth(16),
			progressbar.OptionShowCount(),
			progressbar.OptionShowIts(),
			progressbar.OptionSetItsString(unit),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetElapsedTime(false),
			progressbar.OptionThrottle(65*time.Millisecond),
			progressbar.OptionUseANSICodes(true),
			progressbar.OptionClearOnFinish(),
		)
		p.bar.StartWithoutRender()
	}
	after := lineAfter
	if p.terminal {
		after = showAfter
	}
	turn := p.turn
	p.timer = time.AfterFunc(after, func() { p.show(turn) })
}

// barWriter lets the bar through once what it stands for has lasted a while.
// The bar writes only while p is locked.
type barWriter struct{ p *Progress }

func (w barWriter) Write(data []byte) (int, error) {
	if !w.p.visible {
		return len(data), nil
	}
	w.p.shown = true
	return w.p.w.Write(data)
}

// show draws what is being done for the first time.
func (p *Progress) show(turn int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.turn != turn {
		return // It is over, or something else has begun.
	}
	p.visible = true
	switch {
	case p.terminal && p.total == 0:
		p.shown = true
		fmt.Fprint(p.w, clearLine+clip(p.label, 76)+" …")
	case p.terminal:
		p.clear()
		p.draw()
	default:
		line := p.label
		if p.total > 0 {
			line = p.language.Words("progress-counted", split.Values{"label": line, "done": p.done, "total": p.total, "unit": p.unit})
		} else {
			line += " …"
		}
		fmt.Fprintln(p.w, line)
		p.timer.Reset(lineEvery)
	}
}

// Sampled says how many requests of the sample have come back, or how many of
// what is counted are done.
func (p *Progress) Sampled(done int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done = min(done, p.total)
	if p.bar != nil {
		p.draw()
	}
}

func (p *Progress) draw() {
	// An error is a terminal that has gone; the run matters more.
	_ = p.bar.Set64(p.done)
	if p.done >= p.total {
		p.clear()
	}
}

// Done ends whatever was shown and leaves an empty line.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
	p.bar, p.visible = nil, false
	p.clear()
}

func (p *Progress) stop() {
	p.turn++
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
}

func (p *Progress) clear() {
	if p.shown {
		fmt.Fprint(p.w, clearLine)
		p.shown = false
	}
}
