package terminal_test

import (
	"bytes"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/splitcheck/splitcheck/internal/terminal"
	"github.com/splitcheck/splitcheck/reports/words"
	"github.com/splitcheck/splitcheck/split"
)

// A screen is a buffer that a timer may write to while a test looks at it.
type screen struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func (s *screen) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.b.Reset()
}

func eighty() int { return 80 }

func TestProgressOnATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b screen
		p := terminal.NewProgress(&b, eighty, nil)
		p.Doing(split.Text("version-test / 90-10: applying \x1b[2J"))
		synctest.Wait()
		assert.Empty(t, b.String(), "what is over at once does not flicker")
		time.Sleep(time.Second)
		synctest.Wait()
		assert.Equal(t, "\r\x1b[2Kversion-test / 90-10: applying \\x1b[2J …", b.String())

		b.Reset()
		p.Sampling("version-test / 90-10 / everyone", 1000)
		for done := int64(0); done <= 400; done += 10 {
			p.Sampled(done)
			time.Sleep(100 * time.Millisecond)
		}
		last := b.String()[strings.LastIndex(b.String(), "\r"):]
		assert.Contains(t, last, "version-test / 90-10 / everyone")
		assert.Contains(t, last, "400/1,000 requests, 100/s", "the count and the rate")
		assert.Contains(t, last, "6 s left", "600 requests are left at 100 a second")
		assert.NotContains(t, b.String(), "\n")

		p.Sampled(1000)
		p.Done()
		assert.True(t, strings.HasSuffix(b.String(), "\r\x1b[2K"), "the line is empty in the end")

		b.Reset()
		p.Done()
		time.Sleep(time.Minute)
		synctest.Wait()
		assert.Empty(t, b.String(), "nothing comes after the end")
	})
}

func TestProgressOfFastSamplesIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b screen
		p := terminal.NewProgress(&b, eighty, nil)
		for range 20 {
			p.Sampling("fast", 10)
			p.Sampled(3)
			time.Sleep(50 * time.Millisecond)
			p.Sampled(10)
			p.Sampled(11)
		}
		p.Done()
		assert.Empty(t, b.String())
	})
}

func TestProgressElsewhereIsSparseAndPlain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b screen
		p := terminal.NewProgress(&b, nil, nil)
		p.Doing(split.Text("applying"))
		time.Sleep(9 * time.Second)
		p.Sampling("everyone", 100000)
		time.Sleep(50 * time.Millisecond) // Between the ticks of what follows.
		for done := int64(0); done < 50000; done += 100 {
			p.Sampled(done)
			time.Sleep(100 * time.Millisecond)
		}
		p.Doing(split.Text("waiting until live"))
		time.Sleep(11 * time.Second)
		p.Done()
		time.Sleep(time.Hour)
		synctest.Wait()
		// 100 requests each tenth of a second, seen after 2 s and then every 30 s.
		assert.Equal(t, "applying …\neveryone: 1,900 of 100,000 requests\neveryone: 31,900 of 100,000 requests\nwaiting until live …\n", b.String())
	})
}

func TestProgressInTheReadersLanguage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b screen
		p := terminal.NewProgress(&b, nil, words.In("zh"))
		p.Doing(split.Found("doing-applying", split.Values{"place": "canary / 90-10"}))
		time.Sleep(11 * time.Second)
		p.Sampling("canary / 90-10 / everyone", 2000)
		p.Sampled(500)
		time.Sleep(11 * time.Second)
		p.Done()
		assert.Equal(t, "canary / 90-10：应用更改，等待生效 …\ncanary / 90-10 / everyone：500/2,000 个请求\n", b.String())
	})
}

func TestProgressOfNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var b screen
		p := terminal.NewProgress(&b, eighty, nil)
		p.Sampled(3)
		p.Sampling("none", 0)
		p.Sampled(0)
		time.Sleep(time.Second)
		p.Done()
		p.Done()
		assert.Equal(t, "\r\x1b[2Knone …\r\x1b[2K", b.String())
	})
}
