package main

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// hidden chooses where a wrong split is hidden.
func hidden(q *truth) trial {
	switch n := q.rng.IntN(20); {
	case n < 9:
		m, answer := disguise(q)
		return askServer(q, m, answer)
	case n < 17:
		return record(q, true)
	}
	return inMesh(q, true)
}

// harmless chooses where a right split looks odd.
func harmless(q *truth) trial {
	switch n := q.rng.IntN(20); {
	case n < 9:
		m, answer := oddity(q)
		return askServer(q, m, answer)
	case n < 17:
		return record(q, false)
	}
	return inMesh(q, false)
}

// An answerer writes the answer of a version. place is the number of the request on
// its connection, from 0, and u a draw between 0 and 1.
type answerer func(w http.ResponseWriter, r *http.Request, version, place int, u float64)

// A marking is where an answer says its version, and the flag that finds it there.
type marking struct {
	identify string
	write    func(w http.ResponseWriter, version string)
}

var markings = []marking{
	{"body:(v[0-9]+)", func(w http.ResponseWriter, v string) { fmt.Fprintf(w, "This is %s.\n", v) }},
	{"header:X-Version", func(w http.ResponseWriter, v string) { w.Header().Set("X-Version", v); fmt.Fprintln(w, "hello") }},
	{"json:version", func(w http.ResponseWriter, v string) { fmt.Fprintf(w, `{"app": "shop", "version": %q}`, v) }},
}

// disguise hides a wrong split in answers.
func disguise(q *truth) (marking, answerer) {
	m := markings[q.rng.IntN(len(markings))]
	name := func(i int) string { return q.versions[i] }
	plain := func(w http.ResponseWriter, i int) { m.write(w, name(i)) }
	pose, lost := q.posing(), q.losing()
	// posing answers as the version that has too few, for part of the answers of
	// the version that has too many.
	posing := func(as func(w http.ResponseWriter, r *http.Request, over, under string)) answerer {
		return func(w http.ResponseWriter, r *http.Request, i, _ int, u float64) {
			if i == q.over && u < pose {
				as(w, r, name(q.over), name(q.under))
				return
			}
			plain(w, i)
		}
	}
	losing := func(lose func(w http.ResponseWriter, r *http.Request, v string)) answerer {
		return func(w http.ResponseWriter, r *http.Request, i, _ int, u float64) {
			if u < lost[i] {
				lose(w, r, name(i))
				return
			}
			plain(w, i)
		}
	}
	switch q.rng.IntN(11) {
	case 0:
		q.note("part of the answers of %s names both versions, in %s", name(q.over), m.identify)
		return m, posing(func(w http.ResponseWriter, _ *http.Request, over, under string) {
			switch {
			case strings.HasPrefix(m.identify, "header:"):
				w.Header()["X-Version"] = []string{under, over}
				fmt.Fprintln(w, "hello")
			case strings.HasPrefix(m.identify, "json:"):
				fmt.Fprintf(w, `{"version": %q, "app": "shop", "version": %q}`, under, over)
			default:
				fmt.Fprintf(w, "Upgraded from %s to %s.\n", under, over)
			}
		})
	case 1:
		q.note("part of the answers of %s has the other's name in a longer word", name(q.over))
		m, digit := markings[0], strconv.Itoa(q.rng.IntN(10))
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, u float64) {
			if i == q.over && u < pose {
				m.write(w, name(q.under)+digit)
				return
			}
			m.write(w, name(i))
		}
	case 2:
		q.note("answers are cut short before they begin")
		return m, losing(func(w http.ResponseWriter, _ *http.Request, _ string) { hangUp(w) })
	case 3:
		q.note("answers on connections that were used before are cut short before they begin")
		return m, func(w http.ResponseWriter, _ *http.Request, i, place int, u float64) {
			if place > 0 && u < lost[i]*1.2 {
				hangUp(w)
				return
			}
			plain(w, i)
		}
	case 4:
		q.note("bodies end too early")
		return m, losing(func(w http.ResponseWriter, _ *http.Request, v string) {
			w.Header().Set("Content-Length", "4096")
			m.write(w, v)
		})
	case 5:
		q.note("answers with status 503 name nothing")
		return m, losing(func(w http.ResponseWriter, _ *http.Request, _ string) {
			http.Error(w, "no healthy upstream", http.StatusServiceUnavailable)
		})
	case 6:
		q.note("answers with status 200 name nothing")
		return m, losing(func(w http.ResponseWriter, _ *http.Request, _ string) { fmt.Fprintln(w, "sorry") })
	case 7:
		q.note("bodies that cannot be decoded hold the other's name")
		m := markings[0]
		encodings := []string{"br", "gzip", "deflate", "zstd", "compress", "gzip, br"}
		encoding := encodings[q.rng.IntN(len(encodings))]
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, u float64) {
			if i == q.over && u < pose {
				w.Header().Set("Content-Encoding", encoding)
				m.write(w, name(q.under))
				return
			}
			m.write(w, name(i))
		}
	case 8:
		q.note("an early hint names the other version")
		return markings[1], func(w http.ResponseWriter, _ *http.Request, i, _ int, u float64) {
			if i == q.over && u < pose {
				w.Header().Set("X-Version", name(q.under))
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Del("X-Version")
			}
			markings[1].write(w, name(i))
		}
	case 9:
		q.note("compressed bodies that are cut hold the other's name before the end")
		m := markings[0]
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, u float64) {
			if i == q.over && u < pose {
				w.Header().Set("Content-Encoding", "gzip")
				whole := compressed(fmt.Sprintf("This is %s.\n", name(q.under)))
				_, _ = w.Write(whole[:len(whole)-6])
				return
			}
			m.write(w, name(i))
		}
	}
	q.note("as it is")
	return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, _ float64) { plain(w, i) }
}

// oddity answers rightly, in one of the ways that ought not to matter.
func oddity(q *truth) (marking, answerer) {
	m := markings[q.rng.IntN(len(markings))]
	plain := func(w http.ResponseWriter, i int) { m.write(w, q.versions[i]) }
	odd := q.rng.IntN(len(q.versions))
	part := q.rng.Float64()
	switch q.rng.IntN(9) {
	case 0:
		q.note("compressed")
		m := markings[0]
		encoding := []string{"gzip", "deflate"}[q.rng.IntN(2)]
		return m, func(w http.ResponseWriter, r *http.Request, i, _ int, u float64) {
			if !strings.Contains(r.Header.Get("Accept-Encoding"), encoding) || u > part {
				m.write(w, q.versions[i])
				return
			}
			var body bytes.Buffer
			text := fmt.Sprintf("This is %s.\n", q.versions[i])
			if encoding == "gzip" {
				body.Write(compressed(text))
			} else if f, err := flate.NewWriter(&body, 5); err == nil {
				_, _ = f.Write([]byte(text))
				f.Close()
			}
			w.Header().Set("Content-Encoding", encoding)
			_, _ = w.Write(body.Bytes())
		}
	case 1:
		q.note("early hints")
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, u float64) {
			if u < part {
				w.Header().Set("Link", "</style.css>")
				w.WriteHeader(http.StatusEarlyHints)
			}
			plain(w, i)
		}
	case 2:
		q.note("connections closed with notice")
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, u float64) {
			if u < part/4 {
				w.Header().Set("Connection", "close")
			}
			plain(w, i)
		}
	case 3:
		q.note("connections closed without notice after an answer of %s", q.versions[odd])
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, u float64) {
			if i == odd && u < part/10 {
				closeSilently(w, m, q.versions[i])
				return
			}
			plain(w, i)
		}
	case 4:
		q.note("%s is slow", q.versions[odd])
		return m, func(w http.ResponseWriter, r *http.Request, i, _ int, _ float64) {
			if i == odd {
				linger(r, time.Duration(1+3*part)*time.Millisecond)
			}
			plain(w, i)
		}
	case 5:
		status := []int{201, 202, 203, 206, 226, 400, 401, 404, 410, 418, 429, 500, 501, 502, 503}[q.rng.IntN(15)]
		q.note("%s answers with status %d", q.versions[odd], status)
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, _ float64) {
			if i == odd {
				w = &late{w, status}
			}
			plain(w, i)
		}
	case 6:
		q.note("the name stands in the body twice, with other words")
		m := markings[0]
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, _ float64) {
			m.write(w, q.versions[i])
			fmt.Fprintf(w, "<!-- %s, preview, x%s, v -->", q.versions[i], q.versions[i])
		}
	case 7:
		q.note("no length, in pieces")
		return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, _ float64) {
			plain(w, i)
			w.(http.Flusher).Flush()
			fmt.Fprintln(w)
		}
	}
	q.note("as it is")
	return m, func(w http.ResponseWriter, _ *http.Request, i, _ int, _ float64) { plain(w, i) }
}

func compressed(text string) []byte {
	var body bytes.Buffer
	zip := gzip.NewWriter(&body)
	_, _ = zip.Write([]byte(text))
	zip.Close()
	return body.Bytes()
}

// hangUp closes the connection without an answer.
func hangUp(w http.ResponseWriter) {
	if conn, _, err := w.(http.Hijacker).Hijack(); err == nil {
		conn.Close()
	}
}

// closeSilently answers as if the connection stayed, and closes it.
func closeSilently(w http.ResponseWriter, m marking, version string) {
	inner := httptest.NewRecorder()
	m.write(inner, version)
	conn, out, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprintf(out, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n", inner.Body.Len())
	if v := inner.Header().Get("X-Version"); v != "" {
		fmt.Fprintf(out, "X-Version: %s\r\n", v)
	}
	fmt.Fprintf(out, "\r\n%s", inner.Body)
	out.Flush()
}

// linger is how a slow version takes its time.
func linger(r *http.Request, d time.Duration) {
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-r.Context().Done():
	}
}

// late writes its status with the first byte.
type late struct {
	http.ResponseWriter
	status int
}

func (l *late) Write(p []byte) (int, error) {
	if l.status != 0 {
		l.WriteHeader(l.status)
		l.status = 0
	}
	return l.ResponseWriter.Write(p)
}

// askServer is a trial of `splitcheck verify` against a server.
func askServer(q *truth, m marking, answer answerer) trial {
	seed := q.rng.Uint64()
	connections := 1 + q.rng.IntN(8)
	// A connection for each request, and answers that are not judged, cost the most
	// time, so fewer trials have them. 0 is what splitcheck chooses.
	reuse := []int{0, 0, 0, 2, 5, 1}[q.rng.IntN(6)]
	settles := q.rng.IntN(5) == 0
	return func(t *testing.T, q *truth) (int, string) {
		var mu sync.Mutex
		rng := rand.New(rand.NewPCG(seed, 1))
		places := map[string]int{}
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			version, u := q.draw(rng.Float64()), rng.Float64()
			place := places[r.RemoteAddr]
			places[r.RemoteAddr]++
			mu.Unlock()
			answer(w, r, version, place, u)
		}))
		server.Config.ErrorLog = log.New(io.Discard, "", 0)
		server.Start()
		defer server.Close()
		args := append([]string{"verify", server.URL + "/"}, q.flags()...)
		args = append(args, "--identify", m.identify, "--rate", "0", "--connections", strconv.Itoa(connections))
		if reuse > 0 {
			args = append(args, "--reuse", strconv.Itoa(reuse))
		}
		if !settles {
			args = append(args, "--settle", "0")
		}
		return ask(t, t.TempDir(), nil, args...)
	}
}
