package outward

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"regexp"
	"slices"
	"strings"
)

// A span is a part of a text.
type span struct{ from, to int }

// Hide returns text without the secrets, however they are encoded in it, and
// without what stands where credentials stand: in a URL before "@", behind
// "Authorization:", in a parameter called token. It is meant for text from outside
// and for messages; in a document that holds words of our own it would find a
// password that is one of them.
func (s *Secrets) Hide(text string) string {
	var found []span
	for _, l := range layers(text) {
		found = append(found, s.in(l)...)
	}
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(b.to, a.to)) })
	var b strings.Builder
	at := 0
	for i, each := range found {
		if i == 0 || each.from > at {
			b.WriteString(text[at:each.from] + Hidden)
		}
		at = max(at, each.to)
	}
	b.WriteString(text[at:])
	return b.String()
}

// in returns the places in the original of what is to be hidden in one layer.
func (s *Secrets) in(l *layer) []span {
	var found []span
	add := func(l *layer, from, to int) {
		if from < to {
			found = append(found, span{l.from[from], l.to[to-1]})
		}
	}
	folded := l.folded()
	for _, each := range s.places(folded.text) {
		add(folded, each.from, each.to)
	}
	for _, form := range packings {
		if s == nil || len(s.known) == 0 {
			break
		}
		for _, each := range form.runs.FindAllIndex(l.text, -1) {
			if s.isPacked(form, l.text[:each[0]], l.text[each[0]:each[1]], l.text[each[1]:]) {
				add(l, each[0], each[1])
			}
		}
	}
	for _, each := range standing(l.text) {
		add(l, each.from, each.to)
	}
	return found
}

// places are those of the secrets in a text. Where a text was cut, which "…" says,
// so may be the secret.
func (s *Secrets) places(text []byte) []span {
	if s == nil {
		return nil
	}
	var found []span
	for _, secret := range s.known {
		if slices.Contains(s.open, secret) {
			continue
		}
		for at := 0; ; {
			next := bytes.Index(text[at:], []byte(secret))
			if next < 0 {
				break
			}
			found = append(found, span{at + next, at + next + len(secret)})
			at += next + 1
		}
		found = append(found, cut(text, secret)...)
	}
	return found
}

// ellipsis stands where a text was cut.
var ellipsis = []byte("…")

// unfinished is the beginning of an escape.
var unfinished = regexp.MustCompile(`(?:%[0-9a-fA-F]?|\\(?:u[0-9a-fA-F]{0,3}|x[0-9a-fA-F]?)?|&#?[0-9A-Za-z]{0,8})$`)

// cut finds the beginning of a secret where a text was cut, its end behind such a
// place, and what is all from within it between two.
func cut(text []byte, secret string) []span {
	if !bytes.Contains(text, ellipsis) {
		return nil
	}
	var found []span
	pieces := bytes.Split(text, ellipsis)
	at := 0
	for i, piece := range pieces {
		from, to := at, at+len(piece)
		at = to + len(ellipsis)
		if open := unfinished.FindIndex(piece); open != nil {
			piece = piece[:open[0]]
		}
		last := i == len(pieces)-1
		for n := min(len(piece), len(secret)-1); n >= shortest && !last; n-- {
			if bytes.HasSuffix(piece, []byte(secret[:n])) {
				found = append(found, span{from + len(piece) - n, to})
				break
			}
		}
		if i == 0 {
			continue
		}
		for n := min(len(piece), len(secret)-1); n >= shortest; n-- {
			if bytes.HasPrefix(piece, []byte(secret[len(secret)-n:])) {
				found = append(found, span{from, from + n})
				break
			}
		}
		if len(piece) >= shortest && !last && strings.Contains(secret, string(piece)) {
			found = append(found, span{from, to})
		}
	}
	return found
}

// A packing is an encoding that leaves no letter as it was. Nobody knows where a run
// of its letters began, for others may stand right before it: so it is unpacked from
// each place that is not the same as another.
type packing struct {
	runs   *regexp.Regexp
	places int
	unpack func(run []byte) []byte
}

var packings = []packing{
	{regexp.MustCompile(`(?:[A-Za-z0-9+/_-]{60,76} )*[A-Za-z0-9+/_-]{6,}={0,2}`), 4, fromBase64},
	{regexp.MustCompile(`[0-9a-fA-F]{8,}`), 2, fromHex},
}

var oneAlphabet = strings.NewReplacer("-", "+", "_", "/", " ", "", "=", "")

// fromBase64 takes both alphabets, and lines as mail has them.
func fromBase64(run []byte) []byte {
	run = []byte(oneAlphabet.Replace(string(run)))
	if len(run)%4 == 1 {
		run = run[:len(run)-1]
	}
	unpacked := make([]byte, base64.RawStdEncoding.DecodedLen(len(run)))
	n, _ := base64.RawStdEncoding.Decode(unpacked, run) // the alphabet is known
	return unpacked[:n]
}

func fromHex(run []byte) []byte {
	unpacked := make([]byte, len(run)/2)
	n, _ := hex.Decode(unpacked, run[:len(run)/2*2]) // the alphabet is known
	return unpacked[:n]
}

// isPacked says whether a secret comes out of a run of letters.
func (s *Secrets) isPacked(form packing, before, run, after []byte) bool {
	for skip := range min(form.places, len(run)) {
		unpacked := form.unpack(run[skip:])
		if bytes.HasSuffix(before, ellipsis) {
			unpacked = slices.Concat(ellipsis, unpacked)
		}
		if bytes.HasPrefix(after, ellipsis) {
			unpacked = slices.Concat(unpacked, ellipsis)
		}
		if s.holds(unpacked) {
			return true
		}
	}
	return false
}

// holds says whether there is a secret in what was unpacked, as it stands or escaped.
func (s *Secrets) holds(unpacked []byte) bool {
	if !bytes.ContainsAny(unpacked, "%\\&+ \t\r\n") {
		return len(s.places(unpacked)) > 0 // it is its only layer
	}
	for _, l := range layers(string(unpacked)) {
		if len(s.places(l.folded().text)) > 0 {
			return true
		}
	}
	return false
}
