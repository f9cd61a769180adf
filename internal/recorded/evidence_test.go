package recorded_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/recorded"
)

// guessed is what is used where the user gives no rule.
func guessed(t *testing.T) recorded.Options {
	o := options(t, "", `body:\b(v[0-9]+)\b`)
	o.Guessed = true
	return o
}

// TestErrorsBetweenAnswers: what lies between the lines with a marker is never
// passed over in silence.
func TestErrorsBetweenAnswers(t *testing.T) {
	for _, test := range []struct {
		name, text           string
		errors, unidentified map[string]int64
		versions             map[string]int64
		other                int64
	}{
		{name: "Envoy's own answers", text: strings.Repeat("no healthy upstream\n", 9) + "This is v1\n",
			versions: map[string]int64{"v1": 1}, errors: map[string]int64{"no healthy upstream": 9}},
		{name: "without line ends", text: "no healthy upstreamno healthy upstreamThis is v1\n",
			versions: map[string]int64{"v1": 1}, errors: map[string]int64{"no healthy upstream": 2}},
		{name: "an answer glued to an error", text: "no healthy upstreamv1\n",
			versions: map[string]int64{"v1": 1}, errors: map[string]int64{"no healthy upstream": 1}},
		{name: "curl -si with failures", text: "HTTP/1.1 200 OK\n\nv1\ncurl: (52) Empty reply from server\nHTTP/1.1 200 OK\nA: b\n\nv2curl: (18) transfer closed\n",
			versions: map[string]int64{"v1": 1}, errors: map[string]int64{"curl: (52)": 1, "answer cut short": 1}},
		{name: "curl -si of cut bodies", text: strings.Repeat("HTTP/1.1 200 OK\nContent-Length: 500\n\nv1\n", 3),
			errors: map[string]int64{"answer cut short": 3}},
		{name: "curl -si of a body that speaks HTTP", text: strings.Repeat("HTTP/1.1 200 OK\nContent-Length: 43\n\nI speak\nHTTP/1.1 200 OK\nA: b\n\nand am v1 ---", 2),
			versions: map[string]int64{"v1": 2}},
		{name: "curl -si that quotes a status line", text: "HTTP/1.1 200 OK\nA: b\n\nI speak HTTP/1.1 200 OK, I am v1\nHTTP/2 200 \nA: b\n\nv2",
			versions: map[string]int64{"v1": 1, "v2": 1}},
		{name: "curl -sI", text: strings.Repeat("HTTP/1.1 200 OK\nContent-Length: 300\nA: b\n\n", 2),
			unidentified: map[string]int64{"no marker in a 200 answer": 2}},
		{name: "a refused connection", text: "This is v1\ncurl: (7) Failed to connect to api/v1/users port 80\n",
			versions: map[string]int64{"v1": 1}, errors: map[string]int64{"curl: (7)": 1}},
		{name: "nginx's page", text: "v1\n<head><title>502 Bad Gateway</title></head>\n<center><h1>502 Bad Gateway</h1></center>\n",
			versions: map[string]int64{"v1": 1}, errors: map[string]int64{"502 Bad Gateway": 1}},
		{name: "pages on one line, and with a title only", text: "v1\n<html><title>502 Bad Gateway</title><h1>502 Bad Gateway</h1></html>\n<title>503 Service Unavailable</title>\n<title>504 Gateway Time-out</title>\nv1\n",
			versions: map[string]int64{"v1": 2}, errors: map[string]int64{"502 Bad Gateway": 1, "503 Service Unavailable": 1, "504 Gateway Time-out": 1}},
		{name: "pages that nobody knows", text: "v1\nv1\nv1\nv1\n<p>\nOops\n</p>\nv1\nOut of order\nv1\n",
			versions: map[string]int64{"v1": 6}, unidentified: map[string]int64{"no marker in a recorded answer": 2}, other: 4},
		{name: "answers of several lines", text: strings.Repeat("<p>\nv1\n</p>\n", 5) + "<p>\nv1\n<b>\n</b>\n</p>\n",
			versions: map[string]int64{"v1": 6}, other: 14},
		{name: "a name inside a longer word", text: "v10\nv2\n",
			versions: map[string]int64{"v2": 1}, unidentified: map[string]int64{"a version inside a longer word": 1}},
		{name: "other lines", text: "<html>\nThis is v1\n\n</html>\n", versions: map[string]int64{"v1": 1}, other: 2},
		{name: "curl -si", text: "HTTP/1.1 200 OK\r\nA: b\r\n\r\nv1HTTP/1.1 503 Service Unavailable\r\n\r\nno healthy upstreamHTTP/2 100 \r\n\r\nHTTP/2 200 \r\n\r\nupgraded from v1 to v2\n",
			versions: map[string]int64{"v1": 1}, errors: map[string]int64{"status 503": 1}, unidentified: map[string]int64{"names two versions": 1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			record, err := recorded.Read(oneByOne{strings.NewReader(test.text)}, options(t, ""))
			require.NoError(t, err)
			assert.Equal(t, test.versions, record.Tally.Versions)
			assert.Equal(t, test.errors, record.Tally.Errors)
			assert.Equal(t, test.unidentified, record.Tally.Unidentified)
			assert.Equal(t, test.other, record.Other)
		})
	}
	_, err := recorded.Read(strings.NewReader("apiVersion: x/v1alpha1\n"), guessed(t))
	assert.ErrorContains(t, err, "except inside longer words, as in 1.txt:1")
	for name, text := range map[string]string{
		"answers without line ends":    "version: v2version: v1\n",
		"an answer of each on a line":  "version: v2version: v2\nversion: v1\n",
		"two answers with line breaks": "Hello from v2Hello from v1\n",
	} {
		_, err := recorded.Read(strings.NewReader(text), guessed(t))
		assert.ErrorContains(t, err, "the line names several versions", name)
	}
	_, err = recorded.Read(strings.NewReader("HTTP/1.1 302 Found\nLocation: /api/v1/\n\nHTTP/1.1 200 OK\n\nv2\n"), guessed(t))
	assert.ErrorContains(t, err, "record without -i or without -L")
	tally, err := recorded.Read(strings.NewReader("upgraded from v1 to v2\n---\nv1\n---\nno healthy upstream\n---\n"), options(t, "^---$"))
	require.NoError(t, err)
	assert.Equal(t, map[string]int64{"names two versions": 1}, tally.Tally.Unidentified)
	assert.Equal(t, map[string]int64{"no healthy upstream": 1}, tally.Tally.Errors)
}

// TestVersionsInAddresses: where nobody said how an answer names its version, the
// part of an address is not taken for one.
func TestVersionsInAddresses(t *testing.T) {
	text := "v1\nv2\nGET /api/v1/users 502 Bad Gateway\n"
	_, err := recorded.Read(strings.NewReader(text), guessed(t))
	assert.ErrorContains(t, err, "1.txt:3: is v1 in this line a version or part of an address? say with --identify")
}

// page is an answer with its marker on as many lines as kinds.
func page(b *strings.Builder, version string, kinds ...string) {
	for _, kind := range kinds {
		fmt.Fprintf(b, kind+"\n", version)
	}
}

// TestAnswersOfSeveralLines: where a version has its marker on more lines than
// another, counting lines counts it too often.
func TestAnswersOfSeveralLines(t *testing.T) {
	for name, kinds := range map[string]map[string][]string{
		"two kinds of lines":          {"v1": {"<title>%s</title>", "<p>%s</p>"}, "v2": {"<p>%s</p>"}},
		"a line between":              {"v1": {"<title>%s</title>\nx", "<p>%s</p>\ny"}, "v2": {"z\n<p>%s</p>"}},
		"two lines that are alike":    {"v1": {"<p>%s</p>", "<p>%s</p>"}, "v2": {"<p>%s</p>"}},
		"all versions on two lines":   {"v1": {"a %s", "b %s"}, "v2": {"a %s", "b %s"}},
		"the rare one on three":       {"v1": {"a %s"}, "v2": {"a %s", "b %s", "c %s"}},
		"a version of something else": {"v1": {"API v1, %.0s", "served by %s"}, "v2": {"API v1, %.0s", "served by %s"}},
	} {
		draw := rand.New(rand.NewPCG(85, 15))
		var b strings.Builder
		for range 2000 {
			version := "v1"
			if draw.Float64() < .15 {
				version = "v2"
			}
			page(&b, version, kinds[version]...)
		}
		_, err := recorded.Read(strings.NewReader(b.String()), options(t, ""))
		assert.ErrorContains(t, err, "its lines cannot be counted as answers", name)
		assert.ErrorContains(t, err, "--answers N", name)
	}
}

// TestLinesThatAreAnswers: harmless differences between lines are no reason to
// refuse them.
func TestLinesThatAreAnswers(t *testing.T) {
	pods := []string{"7d5dfc4", "9aa8b1", "c0ffee1"}
	for name, line := range map[string]func(draw *rand.Rand, i int) string{
		"one of each version": func(draw *rand.Rand, i int) string {
			return []string{"stable v1", "canary v2"}[draw.IntN(2)]
		},
		"a rare text": func(draw *rand.Rand, i int) string {
			return []string{"hello v1", "good day v1"}[min(draw.IntN(100), 1)]
		},
		"names of pods": func(draw *rand.Rand, i int) string {
			return fmt.Sprintf("version: v%d, instance: web-v%[1]d-%s-%d", 1+min(1, draw.IntN(10)), pods[draw.IntN(3)], i)
		},
		"ten words": func(draw *rand.Rand, i int) string {
			return fmt.Sprintf("v%d %c", 1+min(1, draw.IntN(10)), 'a'+rune(draw.IntN(10)))
		},
		"turns with texts": func(draw *rand.Rand, i int) string {
			return []string{"stable v1", "canary v2"}[map[bool]int{true: 1}[i%10 == 0]]
		},
		"turns":          func(draw *rand.Rand, i int) string { return []string{"v1", "v2"}[min(1, i%10)] },
		"no two alike":   func(draw *rand.Rand, i int) string { return fmt.Sprintf("v1 %x", draw.Uint64()) },
		"a time of each": func(draw *rand.Rand, i int) string { return fmt.Sprintf("%d: v1", i) + strings.Repeat("\ny", i%3) },
	} {
		draw := rand.New(rand.NewPCG(1, 2))
		var b strings.Builder
		for i := range 3000 {
			b.WriteString(line(draw, i) + "\n")
		}
		record, err := recorded.Read(strings.NewReader(b.String()), options(t, ""))
		require.NoError(t, err, name)
		assert.EqualValues(t, 3000, record.Tally.Hits(), name)
	}
}

func TestCountsAndSortedLines(t *testing.T) {
	for _, text := range []string{"   1784 v1\n    216 v2\n", "v1 1784\nv2 216\n"} {
		_, err := recorded.Read(strings.NewReader(text), options(t, ""))
		assert.ErrorContains(t, err, "--counts v1=")
	}
	record, err := recorded.Read(strings.NewReader(strings.Repeat("v1\n", 90)+strings.Repeat("v2\n", 10)), options(t, ""))
	require.NoError(t, err)
	assert.True(t, record.Sorted)
	assert.NotZero(t, record.Tally.Sequence.Segments, "that they were sorted is not certain: what changes midway looks the same")
}

// TestVegetaInDisguise: results that are not quite as vegeta writes them are read
// as results, or refused; never as lines of text, which would lose the errors.
func TestVegetaInDisguise(t *testing.T) {
	plain := attack(t, "json")
	lines := bytes.Split(bytes.TrimSpace(plain), []byte("\n"))
	for name, content := range map[string][]byte{
		"a byte order mark":     append([]byte("\xef\xbb\xbf"), plain...),
		"blanks in the objects": bytes.ReplaceAll(plain, []byte(`":`), []byte(`": `)),
		"CSV with such a mark":  append([]byte("\xef\xbb\xbf"), attack(t, "csv")...),
	} {
		record, err := recorded.Read(bytes.NewReader(content), options(t, ""))
		require.NoError(t, err, name)
		assert.EqualValues(t, 20, record.Tally.Requests(), name)
		assert.EqualValues(t, 1, record.Tally.Failed(), name)
	}
	for name, content := range map[string][]byte{
		"a stray first line": append([]byte("{\"stray\": \"v1\"}\n"), plain...),
		"a header of CSV":    append([]byte("timestamp,code,latency v1\n"), attack(t, "csv")...),
		"a list":             append(append([]byte("["), bytes.Join(lines, []byte(","))...), ']'),
		"laid out anew":      bytes.ReplaceAll(plain, []byte(`,"`), []byte(",\n\"")),
		"a list laid out":    append(append([]byte("[\n"), bytes.Join(lines, []byte(",\n"))...), ']'),
	} {
		_, err := recorded.Read(bytes.NewReader(content), options(t, ""))
		assert.ErrorContains(t, err, "results of vegeta", name)
	}
	_, err := recorded.Read(strings.NewReader(`{"latencies":{"total":1},"bytes_in":{"total":1}}`), options(t, ""))
	assert.ErrorContains(t, err, "holds no answers")
}

func TestRepeatedResults(t *testing.T) {
	for _, format := range []string{"json", "csv"} {
		content := attack(t, format)
		_, err := recorded.Read(bytes.NewReader(bytes.Repeat(content, 2)), options(t, ""))
		assert.ErrorContains(t, err, "1.txt: vegeta result 21 stands in it twice", format)
		lines := bytes.SplitAfter(content, []byte("\n"))
		_, err = recorded.Read(bytes.NewReader(append(bytes.Clone(content), lines[3]...)), options(t, ""))
		assert.ErrorContains(t, err, "stands in it twice", format)
	}
}

// TestResultsWithoutOrder: a tool that numbers nothing says nothing about the order.
func TestResultsWithoutOrder(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, `{"attack":"","seq":0,"code":200,"timestamp":"2026-01-01T00:00:%02d.%03dZ","latency":1,"body":"%s"}`+"\n",
			i/10, i%10, []string{"djE=", "djI="}[i/90])
	}
	record, err := recorded.Read(strings.NewReader(b.String()), options(t, ""))
	require.NoError(t, err)
	assert.True(t, record.Disordered)
	assert.Equal(t, map[string]int64{"v1": 90, "v2": 10}, record.Tally.Versions)
	assert.Zero(t, record.Tally.Sequence.Segments)
}

// TestCutResults: a record that was cut within its last result is not taken for a
// whole one.
func TestCutResults(t *testing.T) {
	// Where the last result begins: a record that ends there is whole.
	ends := map[string]int{
		"json": bytes.LastIndexByte(bytes.TrimSpace(attack(t, "json")), '\n') + 1,
		"csv":  bytes.LastIndexByte(bytes.TrimSpace(attack(t, "csv")), '\n') + 1,
		"gob":  lastMessage(attack(t, "gob")),
	}
	for _, format := range formats {
		content := attack(t, format)
		whole, err := recorded.Read(bytes.NewReader(content), options(t, ""))
		require.NoError(t, err)
		for cut := ends[format]; cut < len(content); cut++ {
			record, err := recorded.Read(bytes.NewReader(content[:cut]), options(t, ""))
			if cut == ends[format] {
				require.NoError(t, err)
				assert.EqualValues(t, 19, record.Tally.Requests())
			} else if err == nil {
				assert.Equal(t, len(content)-1, cut, "%s cut at %d of %d is counted without a word", format, cut, len(content))
				assert.Equal(t, whole.Tally.Versions, record.Tally.Versions, "only the end of its line lacks")
			}
		}
	}
}

// lastMessage is where the last message of a gob begins: each says how long it is,
// in a byte below 128, or in so many bytes as 256 less the first.
func lastMessage(content []byte) int {
	at, last := 0, 0
	for at < len(content) {
		last = at
		length := int(content[at])
		at++
		if length >= 128 {
			size := 256 - length
			length = 0
			for _, b := range content[at : at+size] {
				length = length<<8 | int(b)
			}
			at += size
		}
		at += length
	}
	return last
}
