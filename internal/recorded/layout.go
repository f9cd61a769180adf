package recorded

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"math"
	"regexp"
)

// A layout watches how the lines with a marker follow each other. Where each of
// them is an answer, one tells nothing about what the next looks like. Where the
// answers of a version have their marker on several lines, the lines come in a
// fixed order, or always so many at a time, and to count lines is to count that
// version too often.
type layout struct {
	hits   int64
	shapes map[uint64]*shape // nil once there are too many to tell anything
	runs   map[string]*runs

	last        *shape
	lastVersion string
	run         int64
}

// A shape is what a line looks like apart from its version and its numbers.
type shape struct {
	count         int64
	before, after neighbour
}

// A neighbour is the shape that stood beside a shape so far, if it was always the
// same one.
type neighbour struct {
	is    *shape
	count int64
	mixed bool // it was not
	// others says that its version was another one at least once, and versions
	// that it was not always the same one.
	others, versions bool
	version          string
}

func (n *neighbour) meet(s *shape, version string, same bool) {
	n.mixed = n.mixed || n.is != nil && n.is != s
	n.others = n.others || !same
	n.versions = n.versions || n.count > 0 && n.version != version
	n.count++
	n.is, n.version = s, version
}

// fixed says whether lines always stand beside such lines. Where versions take
// turns, and each has a text of its own, the next line is known too, but then it
// always has the same version, and that is another one.
func (n *neighbour) fixed() bool { return n.is != nil && !n.mixed && (!n.others || n.versions) }

// runs are the lengths of the runs of a version.
type runs struct {
	count, divisor, length int64
	differ                 bool
}

const (
	// manyShapes is how many shapes are told apart.
	manyShapes = 64
	// byChance is the probability below which an order of lines is taken for that
	// of the lines of an answer.
	byChance = 1e-6
)

// hit takes notice of a line with the marker of a version.
func (l *layout) hit(line []byte, version string) {
	now := l.shapeOf(line, version)
	if l.hits++; now != nil {
		now.count++
		if l.last != nil {
			same := version == l.lastVersion
			l.last.after.meet(now, version, same)
			now.before.meet(l.last, l.lastVersion, same)
		}
	}
	if version != l.lastVersion {
		l.endRun()
	}
	l.last, l.lastVersion = now, version
	l.run++
}

// interrupt takes notice of an answer without a marker: it ends what came before.
func (l *layout) interrupt() {
	l.last = nil
	l.endRun()
	l.lastVersion = ""
}

func (l *layout) endRun() {
	if l.run == 0 {
		return
	}
	if l.runs == nil {
		l.runs = map[string]*runs{}
	}
	r := l.runs[l.lastVersion]
	if r == nil && len(l.runs) < manyShapes {
		r = &runs{length: l.run}
		l.runs[l.lastVersion] = r
	}
	if r != nil {
		r.count++
		r.divisor = divisor(r.divisor, l.run)
		r.differ = r.differ || r.length != l.run
	}
	l.run = 0
}

// several says in words why the lines cannot be an answer each; it is empty where
// they can.
func (l *layout) several() string {
	l.endRun()
	for _, s := range l.shapes {
		for _, n := range []*neighbour{&s.after, &s.before} {
			if !n.fixed() || n.is == s {
				continue
			}
			if float64(n.count)*math.Log(float64(n.is.count)/float64(l.hits)) <= math.Log(byChance) {
				return "lines of one kind always stand next to lines of another kind"
			}
		}
	}
	for version, r := range l.runs {
		// A run is of even length with a probability of at most one half, and of
		// any other multiple with less. Turns, which are all equally long, are
		// another thing.
		if r.divisor > 1 && r.differ && float64(r.count) >= -math.Log2(byChance) {
			return fmt.Sprintf("the lines with %s always come %d at a time, or a multiple of that", version, r.divisor)
		}
	}
	return ""
}

// sorted says that each version stands in one piece, as sort leaves lines.
func (l *layout) sorted() bool {
	l.endRun()
	for _, r := range l.runs {
		if r.count > 1 {
			return false
		}
	}
	return len(l.runs) > 1
}

var (
	// numbers differ from line to line, as do words with digits in them, which
	// name pods and requests.
	number = regexp.MustCompile(`[0-9]+`)
	named  = regexp.MustCompile(`[A-Za-z-]*[0-9][A-Za-z0-9-]*`)
)

func (l *layout) shapeOf(line []byte, version string) *shape {
	if l.shapes == nil && l.hits > 0 {
		return nil
	}
	line = bytes.ReplaceAll(line, []byte(version), []byte("\x00"))
	line = number.ReplaceAll(named.ReplaceAll(line, []byte("0")), []byte("0"))
	hash := fnv.New64a()
	hash.Write(line)
	if l.shapes == nil {
		l.shapes = map[uint64]*shape{}
	}
	s := l.shapes[hash.Sum64()]
	if s == nil {
		if len(l.shapes) == manyShapes {
			l.shapes, l.last = nil, nil
			return nil
		}
		s = &shape{}
		l.shapes[hash.Sum64()] = s
	}
	return s
}

func divisor(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
