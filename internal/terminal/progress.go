package terminal

import (
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// What lasts less than this is not shown: it would only flicker.
const (
	showAfter = 150 * time.Millisecond
	// Who looks sees no more changes than these.
	drawEvery = 65 * time.Millisecond
	// Where there is no terminal each line stays, so lines are few.
	lineAfter = 2 * time.Second
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
	width    func() int
	language *words.Language
	text     *text

	mu           sync.Mutex
	label        string
	unit         string // what is counted, in the plural
	done, total  int64
	began, drawn time.Time
	visible      bool // what is being done has been drawn
	shown        bool // something stands on the terminal's line
	timer        *time.Timer
	turn         int // tells a timer that its time is over
}

// NewProgress returns a Progress that writes to w. width tells how many columns the
// terminal has by now; it is nil where w is none, or one that knows no codes.
func NewProgress(w io.Writer, width func() int, language *words.Language) *Progress {
	if language == nil {
		language = words.In("")
	}
	return &Progress{w: w, width: width, language: language, text: newText(Options{Language: language})}
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
	p.label, p.unit, p.done, p.total, p.visible = outward.Line(label), unit, 0, total, false
	p.began = time.Now()
	after := lineAfter
	if p.width != nil {
		after = showAfter
	}
	turn := p.turn
	p.timer = time.AfterFunc(after, func() { p.show(turn) })
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
	case p.width != nil:
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
	if p.visible && p.width != nil && (p.done >= p.total || time.Since(p.drawn) >= drawEvery) {
		p.draw()
	}
}

// draw writes the line anew; of what is whole nothing is left.
func (p *Progress) draw() {
	if p.done >= p.total && p.total > 0 {
		p.clear()
		return
	}
	p.drawn, p.shown = time.Now(), true
	// An error is a terminal that has gone; the run matters more.
	fmt.Fprint(p.w, clearLine+p.line(p.width()))
}

// line is what stands on a terminal of so many columns. The last one stays empty:
// some terminals go to the next line when it is written to, and what is left above
// is never cleared. What there is no room for is left out, the bar first.
func (p *Progress) line(columns int) string {
	room := columns - 1
	switch {
	case room < 3:
		return ""
	case p.total == 0:
		return clip(p.label, room-2) + " …"
	}
	elapsed := time.Since(p.began).Seconds()
	tail := []string{count(p.done) + "/" + count(p.total), " " + p.unit}
	if rate := float64(p.done) / elapsed; p.done > 0 && rate >= 1 {
		left := p.remaining(math.Ceil(float64(p.total-p.done) / rate))
		comma := p.text.word("comma")
		tail = append(tail, comma+count(int64(rate))+"/s", comma+p.text.word("progress-left", split.Values{"time": left}))
	}
	full := int(barWidth * p.done / p.total)
	bar := strings.Repeat("█", full) + strings.Repeat("░", barWidth-full) + "  "
	least := min(cells(p.label), 32)
	for len(tail) > 1 && least+2+cells(bar+strings.Join(tail, "")) > room {
		if bar == "" {
			tail = tail[:len(tail)-1]
		}
		bar = ""
	}
	end := "  " + bar + strings.Join(tail, "")
	if cells(end) >= room {
		return clip(tail[0], room)
	}
	return clip(p.label, room-cells(end)) + end
}

// remaining writes whole seconds, which do not flicker.
func (p *Progress) remaining(seconds float64) string {
	if seconds < 60 {
		return p.text.word("duration-seconds", split.Values{"seconds": fmt.Sprint(seconds)})
	}
	return p.text.duration(seconds)
}

// barWidth is how many columns a full bar takes.
const barWidth = 16

// Done ends whatever was shown and leaves an empty line.
func (p *Progress) Done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stop()
	p.visible = false
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
