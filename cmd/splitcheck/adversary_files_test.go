package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// enough is how many answers the question takes.
func enough(t *testing.T, q *truth) int {
	var out strings.Builder
	code := execute(t.Context(), append([]string{"plan"}, q.flags()...), streams{in: strings.NewReader(""), out: &out, err: &out, workDir: t.TempDir()})
	require.Zero(t, code, out.String())
	var plan struct{ Requests int }
	require.NoError(t, json.Unmarshal([]byte(out.String()), &plan))
	require.Positive(t, plan.Requests)
	return plan.Requests
}

// record is a trial of `splitcheck analyze` with what somebody has recorded.
func record(q *truth, wrong bool) trial {
	kind := q.rng.IntN(3)
	return func(t *testing.T, q *truth) (int, string) {
		served := make([]int, enough(t, q))
		for i := range served {
			served[i] = q.draw(q.rng.Float64())
		}
		var content []byte
		var flags []string
		switch {
		case kind == 0:
			content = vegetaRecord(q, served, wrong)
			flags = []string{"--identify", "body:(v[0-9]+)"}
		case wrong:
			content, flags = wrongText(q, served)
		default:
			content, flags = rightText(q, served)
		}
		args := append([]string{"analyze", "-"}, q.flags()...)
		code, said := ask(t, t.TempDir(), content, append(args, flags...)...)
		if dir := os.Getenv("SPLITCHECK_ADVERSARY_KEEP"); dir != "" && verified(code) == wrong {
			require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%t-%x", wrong, q.rng.Uint32())), content, 0o600))
		}
		return code, said
	}
}

// wrongText is the output of a loop in which a wrong split looks right to whoever
// counts the lines with a marker.
func wrongText(q *truth, served []int) (content []byte, flags []string) {
	var b strings.Builder
	pose, lost := q.posing(), q.losing()
	over, under := q.versions[q.over], q.versions[q.under]
	if q.rng.IntN(2) == 0 {
		flags = []string{"--identify", "body:(v[0-9]+)"}
	}
	line := func(i int) { fmt.Fprintf(&b, "This is %s.\n", q.versions[i]) }
	posing := func(as string) {
		for _, i := range served {
			if i == q.over && q.rng.Float64() < pose {
				fmt.Fprintln(&b, as)
				continue
			}
			line(i)
		}
	}
	losing := func(failures ...string) {
		for _, i := range served {
			if q.rng.Float64() < lost[i] {
				fmt.Fprintln(&b, failures[q.rng.IntN(len(failures))])
				continue
			}
			line(i)
		}
	}
	switch q.rng.IntN(8) {
	case 0:
		q.note("lines that name both versions")
		posing(fmt.Sprintf("Upgraded from %s to %s.", under, over))
	case 1:
		q.note("lines with the other's name in a longer word")
		posing(fmt.Sprintf("This is %s%d.", under, q.rng.IntN(10)))
	case 2:
		q.note("Envoy's own answers")
		losing("no healthy upstream", "upstream connect error or disconnect/reset before headers. reset reason: connection failure",
			"upstream request timeout", "fault filter abort")
	case 3:
		q.note("curl's failures")
		losing("curl: (7) Failed to connect to api/v1/users port 80: Connection refused", "curl: (52) Empty reply from server",
			"curl: (56) Recv failure: Connection reset by peer", "curl: (28) Operation timed out")
	case 4:
		q.note("pages of proxies that fail")
		losing("<html><head><title>503 Service Temporarily Unavailable</title></head></html>",
			"<html><head><title>502 Bad Gateway</title></head></html>")
	case 5:
		q.note("as many lines more for a version as it lacks answers")
		q.lines(&b, served)
	case 6:
		q.note("exchanges with their headers, some of them failures that name a path of a version")
		flags = []string{"--identify", "body:(v[0-9]+)"}
		for _, i := range served {
			if i == q.over && q.rng.Float64() < pose {
				fmt.Fprintf(&b, "HTTP/1.1 503 Service Unavailable\r\nx-path: /api/%s/users\r\ncontent-length: 19\r\n\r\nno healthy upstream", under)
				continue
			}
			fmt.Fprintf(&b, "HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\nThis is %s.", q.versions[i])
		}
	default:
		q.note("as it is")
		posing(fmt.Sprintf("This is %s.", over))
	}
	return []byte(b.String()), flags
}

// lines writes two lines with a marker for each answer of the version that has too
// few, and so many answers that its lines have the expected share.
func (q *truth) lines(b *strings.Builder, served []int) {
	for _, i := range served {
		fmt.Fprintf(b, "<p>This is %s.</p>\n", q.versions[i])
		if i == q.under {
			fmt.Fprintf(b, "<footer>%s</footer>\n", q.versions[i])
		}
	}
}

// rightText is the output of a loop of a right split, with whatever else such
// outputs hold.
func rightText(q *truth, served []int) (content []byte, flags []string) {
	var b strings.Builder
	one := func(form string) {
		for _, i := range served {
			fmt.Fprintf(&b, form, q.versions[i])
		}
	}
	if q.rng.IntN(2) == 0 {
		flags = []string{"--identify", `body:\b(v[0-9]+)`}
	}
	switch q.rng.IntN(8) {
	case 0:
		q.note("line ends of another system")
		one("This is %s.\r\n")
	case 1:
		q.note("pages of several lines")
		one("<html>\n<body>version %s</body>\n</html>\n")
	case 2:
		q.note("a byte order mark and empty lines")
		b.WriteString("\xef\xbb\xbf")
		one("\nThis is %s.\n\n")
	case 3:
		q.note("a prompt before and times after")
		b.WriteString("$ for i in $(seq 1 500); do curl -s $URL; done\n")
		one("%s\n")
		b.WriteString("\nreal\t0m4.231s\nuser\t0m1.020s\nsys\t0m0.913s\n")
	case 4:
		q.note("the name twice in a line")
		one("<b>%[1]s</b> (%[1]s-7d9c5b6f)\n")
	case 5:
		q.note("exchanges with their headers")
		flags = []string{"--identify", "body:(v[0-9]+)"}
		one("HTTP/1.1 200 OK\r\nserver: istio-envoy\r\ncontent-type: text/plain\r\n\r\nThis is %s.\n")
	case 6:
		q.note("objects of JSON")
		flags = []string{"--identify", "json:version"}
		one(`{"app": "shop", "version": %q}` + "\n")
	default:
		q.note("as it is")
		one("This is %s.\n")
	}
	return []byte(b.String()), flags
}

// vegetaRecord is a record as `vegeta encode --to json` writes it.
func vegetaRecord(q *truth, served []int, wrong bool) []byte {
	type result struct {
		Attack    string        `json:"attack"`
		Seq       int           `json:"seq"`
		Code      int           `json:"code"`
		Timestamp time.Time     `json:"timestamp"`
		Latency   time.Duration `json:"latency"`
		BytesOut  int           `json:"bytes_out"`
		BytesIn   int           `json:"bytes_in"`
		Error     string        `json:"error"`
		Body      []byte        `json:"body"`
		Method    string        `json:"method"`
		URL       string        `json:"url"`
		Headers   any           `json:"headers"`
	}
	pose, lost := q.posing(), q.losing()
	how := 0
	if wrong {
		how = 1 + q.rng.IntN(5)
	}
	var lines []string
	for n, i := range served {
		r := result{
			Seq: n, Code: 200, Timestamp: time.Date(2026, 11, 28, 0, 0, 0, n*1e6, time.UTC),
			Latency: time.Millisecond, Method: "GET", URL: "http://shop/", Body: []byte("This is " + q.versions[i] + ".\n"),
		}
		hide := q.rng.Float64()
		switch {
		case how == 1 && i == q.over && hide < pose:
			r.Body = []byte("Upgraded from " + q.versions[q.under] + " to " + q.versions[q.over])
		case how == 2 && hide < lost[i]:
			r.Code, r.Error, r.Body = 0, "Get \"http://shop/\": EOF", nil
		case how == 3 && hide < lost[i]:
			r.Code, r.Error, r.Body = 503, "503 Service Unavailable", []byte("no healthy upstream")
		case how == 4 && i == q.over && hide < pose:
			r.Body = []byte("This is " + q.versions[q.under] + strconv.Itoa(n%10))
		}
		line, err := json.Marshal(r)
		if err != nil {
			panic(err) // A struct of strings and numbers.
		}
		lines = append(lines, string(line))
	}
	q.note("vegeta's results, way %d", how)
	text := strings.Join(lines, "\n") + "\n"
	switch q.rng.IntN(3) {
	case 0:
		q.note("a byte order mark")
		text = "\xef\xbb\xbf" + text
	case 1:
		if wrong {
			q.note("an array")
			text = "[" + strings.Join(lines, ",\n") + "]\n"
		}
	}
	return []byte(text)
}
