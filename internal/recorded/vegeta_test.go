package recorded_test

import (
	"bytes"
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/recorded"
)

// testdata holds one attack of vegeta v12.13.0, 20 requests at 100 per second,
// in its three formats. Requests 1, 5, 13 and 17 were answered 30 ms late by v2,
// 7 by a closed connection, 9 by 404 and all others by v1: the file holds 1
// behind 4, 5 behind 7, and so on.
var formats = []string{"gob", "json", "csv"}

func attack(t *testing.T, format string) []byte {
	t.Helper()
	content, err := os.ReadFile("testdata/vegeta." + format)
	require.NoError(t, err)
	return content
}

func TestVegeta(t *testing.T) {
	for _, format := range formats {
		o := options(t, "")
		o.Answers = 20
		record, err := recorded.Read(bytes.NewReader(attack(t, format)), o)
		require.NoError(t, err, format)
		tally := record.Tally
		assert.Equal(t, map[string]int64{"v1": 14, "v2": 4}, tally.Versions)
		assert.Equal(t, map[string]int64{"connection closed without an answer": 1}, tally.Errors)
		assert.Equal(t, map[string]int64{"404 without a marker": 1}, tally.Unidentified)
		assert.Equal(t, map[string]map[string]int64{"v1": {"v1": 9, "v2": 4}, "v2": {"v1": 4}}, tally.Sequence.Transitions)
		assert.EqualValues(t, 1, tally.Sequence.Segments)
		assert.Zero(t, tally.Connections.Count)
		assert.Equal(t, map[int]int64{200: 4}, tally.Replies["v2"].Statuses)
		assert.Equal(t, map[int]int64{404: 1}, tally.UnidentifiedReplies.Statuses)
		assert.InDelta(t, 30, tally.Replies["v2"].Latencies.Quantile(0.5).Seconds()*1000, 5)
		assert.EqualValues(t, 20, tally.Course.Answers)
		// Requests 1, 5, 13 and 17 of those counted from 0.
		assert.Equal(t, []int64{0, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4}, tally.Course.Versions["v2"])
	}
}

// Two attacks in one file are two sequences; nothing is lost. The second is the
// first one, an hour later.
func TestSeveralAttacks(t *testing.T) {
	for format, hour := range map[string]*regexp.Regexp{"json": regexp.MustCompile(`T03:`), "csv": regexp.MustCompile(`(?m)^1795231`)} {
		first := attack(t, format)
		later := hour.ReplaceAll(first, []byte(map[string]string{"json": "T04:", "csv": "1795235"}[format]))
		require.NotEqual(t, first, later)
		twice := append(bytes.Clone(first), later...)
		record, err := recorded.Read(bytes.NewReader(twice), options(t, ""))
		require.NoError(t, err)
		tally := record.Tally
		assert.Equal(t, map[string]int64{"v1": 28, "v2": 8}, tally.Versions)
		assert.EqualValues(t, 2, tally.Sequence.Segments)
		assert.Equal(t, []int64{4, 4, 5}, tally.Course.Versions["v2"][19:22], "one after the other")
		assert.Equal(t, map[string]map[string]int64{"v1": {"v1": 18, "v2": 8}, "v2": {"v1": 8}}, tally.Sequence.Transitions)
	}
}

// A record that begins in the middle is counted in its order.
func TestPartOfAnAttack(t *testing.T) {
	lines := bytes.SplitAfter(attack(t, "json"), []byte("\n"))
	record, err := recorded.Read(bytes.NewReader(bytes.Join(lines[10:], nil)), options(t, ""))
	require.NoError(t, err)
	tally := record.Tally
	assert.Equal(t, map[string]int64{"v1": 8, "v2": 2}, tally.Versions)
	assert.Equal(t, map[string]map[string]int64{"v1": {"v1": 5, "v2": 2}, "v2": {"v1": 2}}, tally.Sequence.Transitions)
}

func TestBrokenResults(t *testing.T) {
	for _, format := range formats {
		content := attack(t, format)
		_, err := recorded.Read(bytes.NewReader(content[:len(content)-100]), options(t, ""))
		assert.ErrorContains(t, err, "1.txt: vegeta result 20 cannot be read as "+format)
		o := options(t, "")
		o.Answers = 19
		_, err = recorded.Read(bytes.NewReader(content), o)
		assert.ErrorContains(t, err, "1.txt: 20 answers were found, but there should be 19")
		_, err = recorded.Read(bytes.NewReader(content), options(t, "---"))
		assert.ErrorContains(t, err, "leave out --split")
	}
}
