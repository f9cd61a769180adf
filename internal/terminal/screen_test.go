package terminal_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/olekukonko/tablewriter/pkg/twwidth"
	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports/words"
)

// A picture is what a terminal of so many columns shows after what was written to
// it. It knows the codes that progress uses, and fails at others. It is of the kind
// that goes on to the next line as soon as the last column is written.
func picture(t *testing.T, written string, columns int) []string {
	t.Helper()
	lines, column := []string{""}, 0
	for len(written) > 0 {
		if rest, cleared := strings.CutPrefix(written, "\x1b[2K"); cleared {
			lines[len(lines)-1], written = "", rest
			continue
		}
		r := []rune(written)[0]
		written = written[len(string(r)):]
		switch {
		case r == '\r':
			column = 0
			continue
		case r == '\n':
			lines, column = append(lines, ""), 0
			continue
		case r < ' ':
			t.Fatalf("the code %q", r)
		case column == 0:
			lines[len(lines)-1] = ""
		}
		lines[len(lines)-1] += string(r)
		if column += twwidth.Width(string(r)); column >= columns {
			lines, column = append(lines, ""), 0
		}
	}
	return lines
}

// TestProgressIsOneLine: at any width there is one line, and none when it is over.
// Pictures of it are in testdata.
func TestProgressIsOneLine(t *testing.T) {
	var pictures strings.Builder
	for _, language := range []string{"en", "zh"} {
		for _, columns := range []int{1, 10, 40, 60, 79, 80, 81, 120, 200} {
			synctest.Test(t, func(t *testing.T) {
				var b screen
				p := terminal.NewProgress(&b, func() int { return columns }, words.In(language))
				for _, label := range []string{"version-test-90-10 / 90-10 / everyone", "short", strings.Repeat("a long name / ", 20)} {
					p.Sampling(label, 12_340)
					for done := range int64(124) {
						p.Sampled(done * 100)
						time.Sleep(time.Second)
						synctest.Wait()
						shown := picture(t, b.String(), columns)
						if assert.Len(t, shown, 1, "debris at %d columns", columns); done == 60 {
							fmt.Fprintf(&pictures, "%3d %s\n", columns, shown[0])
						}
						b.Reset()
						_, _ = b.Write([]byte(shown[0] + "\r"))
					}
				}
				p.Done()
				assert.Equal(t, []string{""}, picture(t, b.String(), columns), "nothing is left")
			})
		}
	}
	golden(t, "progress.txt", pictures.String())
}
