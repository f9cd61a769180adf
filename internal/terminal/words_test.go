package terminal

import (
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// These expectations are how a person would write the number down; each case
// is there for a boundary.
func TestNumbersReadAsPeopleWriteThem(t *testing.T) {
	for n, want := range map[int64]string{0: "0", 999: "999", 1920: "1,920", 64000: "64,000", 1234567: "1,234,567", -1920: "-1,920", math.MaxInt64: "9,223,372,036,854,775,807"} {
		assert.Equal(t, want, count(n))
	}
	for _, c := range []struct {
		share    float64
		decimals int
		want     string
	}{
		{0.102, 1, "10.2 %"}, {0.1, 1, "10 %"}, {1, 1, "100 %"}, {0, 1, "0 %"}, {0.0005, 3, "0.05 %"},
		{0.9999, 1, ">99.9 %"}, {0.00001, 1, "<0.1 %"}, {0.99999, 0, ">99 %"}, {0.001, 0, "<1 %"},
		{math.NaN(), 1, "– %"},
	} {
		assert.Equal(t, c.want, percent(c.share, c.decimals))
	}
	for seconds, want := range map[float64]string{
		0: "<0.01 s", 0.112: "0.11 s", 3.1: "3.1 s", 59.94: "59.9 s", 59.96: "1 min 0 s", 119.6: "2 min 0 s",
		192: "3 min 12 s", 3599.9: "1 h 0 min", 6400: "1 h 47 min", 1e15: "ages", math.Inf(1): absent, -1: absent,
	} {
		assert.Equal(t, want, newText(Options{}).duration(seconds), seconds)
	}
}

func TestChanceInWords(t *testing.T) {
	for p, want := range map[float64]string{
		0.41: "about 41 of 100 ", 1: "practically every ", 0.01: "about 1 of 100 ", 0.005: "about 1 in 200 ",
		0.00043: "about 1 in 2,300 ", 1.4e-6: "about 1 in 710,000 ", 0: "practically no ",
	} {
		assert.Contains(t, newText(Options{}).byChance(p), want, p)
	}
}

func TestSentences(t *testing.T) {
	for s, want := range map[string]string{
		"too few requests": "Too few requests.", "v2 was silent": "v2 was silent.", "reviews-v2 is dead!": "reviews-v2 is dead!",
		"": "", "Yes.": "Yes.", " x ": "X.", "é": "é.",
	} {
		assert.Equal(t, want, sentence(s))
	}
}

func TestClipKeepsBothEnds(t *testing.T) {
	assert.Equal(t, "short", clip("short", 10))
	assert.Equal(t, "abc…xyz", clip("abcdefghijklmnopqrstuvwxyz", 7))
	assert.Equal(t, "…", clip("abc", 1))
	for _, s := range []string{"版本一版本二版本三", "🚀🚀🚀🚀🚀🚀", strings.Repeat("e\u0301", 50), strings.Repeat("x", 1e6)} {
		for columns := 1; columns < 12; columns++ {
			assert.LessOrEqual(t, cells(clip(s, columns)), columns, s[:8])
		}
	}
	marks := clip("e"+strings.Repeat("\u0301", 1e6), 10)
	assert.Less(t, len([]rune(marks)), 3*longest, "marks take no column and must not take for ever either")
}

func TestWrap(t *testing.T) {
	assert.Equal(t, []string{"one two", "three"}, wrap("one  two\nthree", 8))
	assert.Equal(t, []string{"of v1", "10 %, and"}, wrap("of v1 10 %, and", 9), "a number keeps its sign")
	assert.Equal(t, []string{"abcd", "efgh", "i j"}, wrap("abcdefghi j", 4))
	assert.Equal(t, []string{"版本", "一版"}, wrap("版本一版", 5))
	assert.Equal(t, []string{"权重 90", "（均）。"}, wrap("权重 90（均）。", 9), "no bracket ends a line, no stop begins one")
	assert.Equal(t, []string{"v1 得到", "90%，"}, wrap("v1 得到90%，", 9))
	assert.Empty(t, wrap(" ", 4))
}

func TestShellWords(t *testing.T) {
	assert.Equal(t, `splitcheck verify --identify 'body:(v[12])' 'it'\''s' ''`,
		shellWords([]string{"splitcheck", "verify", "--identify", "body:(v[12])", "it's", ""}))
}
