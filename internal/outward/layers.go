package outward

import (
	"bytes"
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// A layer is a text with some of its encodings taken off, in which each byte knows
// the place that it comes from. So what is found in it is hidden in the original,
// however little of it was encoded.
type layer struct {
	text     []byte
	from, to []int // what each byte stands for in the original
}

// original is the layer of a text as it stands. Runs of blanks count as one blank,
// for whoever repeats a text breaks its lines.
func original(text string) *layer {
	l := newLayer(len(text))
	for i := 0; i < len(text); {
		_, size := utf8.DecodeRuneInString(text[i:])
		l.add(text[i:i+size], i, i+size)
		i += size
	}
	return l
}

func newLayer(size int) *layer {
	return &layer{text: make([]byte, 0, size), from: make([]int, 0, size), to: make([]int, 0, size)}
}

func (l *layer) add(text string, from, to int) {
	if r, size := utf8.DecodeRuneInString(text); size == len(text) && unicode.IsSpace(r) {
		l.addByte(' ', from, to)
		return
	}
	for i := range len(text) {
		l.text, l.from, l.to = append(l.text, text[i]), append(l.from, from), append(l.to, to)
	}
}

// addByte adds one byte; blanks that follow each other are one.
func (l *layer) addByte(c byte, from, to int) {
	if n := len(l.text); c == ' ' && n > 0 && l.text[n-1] == ' ' {
		l.to[n-1] = to
		return
	}
	l.text, l.from, l.to = append(l.text, c), append(l.from, from), append(l.to, to)
}

// escape is one piece of a text in an encoding that leaves most of it as it is: of
// URLs and forms, of JSON and programs' quotes, of HTML.
var escape = regexp.MustCompile(`%[0-9a-fA-F]{2}` +
	`|\\[uU][dD][89abAB][0-9a-fA-F]{2}\\[uU][dD][c-fC-F][0-9a-fA-F]{2}` +
	`|\\u[0-9a-fA-F]{4}|\\u\{[0-9a-fA-F]{1,6}\}|\\U[0-9a-fA-F]{8}|\\x[0-9a-fA-F]{2}|\\[0-3][0-7]{2}|\\[ -~]` +
	`|&#[0-9]{1,7};?|&#[xX][0-9a-fA-F]{1,6};?|&[A-Za-z][A-Za-z0-9]{1,30};`)

// below is the layer with one encoding less; nil if there is none to take off.
func (l *layer) below() *layer {
	if !bytes.ContainsAny(l.text, `%\&`) {
		return nil
	}
	places := escape.FindAllIndex(l.text, -1)
	if len(places) == 0 {
		return nil
	}
	under := newLayer(len(l.text))
	at := 0
	copied := func(end int) {
		for ; at < end; at++ {
			under.addByte(l.text[at], l.from[at], l.to[at])
		}
	}
	for _, place := range places {
		copied(place[0])
		under.add(unescape(string(l.text[place[0]:place[1]])), l.from[place[0]], l.to[place[1]-1])
		at = place[1]
	}
	copied(len(l.text))
	return under
}

// unescape is what one escape stands for.
func unescape(piece string) string {
	number := func(digits string, base int) uint64 {
		n, _ := strconv.ParseUint(digits, base, 32) // the form of the digits is known
		return n
	}
	switch {
	case piece[0] == '%':
		return string([]byte{byte(number(piece[1:], 16))})
	case strings.HasPrefix(piece, "&#x") || strings.HasPrefix(piece, "&#X"):
		return string(rune(number(strings.TrimSuffix(piece[3:], ";"), 16)))
	case strings.HasPrefix(piece, "&#"):
		return string(rune(number(strings.TrimSuffix(piece[2:], ";"), 10)))
	case piece[0] == '&':
		return html.UnescapeString(piece)
	case len(piece) == 12:
		return string(utf16.DecodeRune(rune(number(piece[2:6], 16)), rune(number(piece[8:], 16))))
	case len(piece) == 2:
		if at := strings.IndexByte("abfnrtv", piece[1]); at >= 0 {
			return "\a\b\f\n\r\t\v"[at : at+1]
		}
		return piece[1:]
	case piece[1] == 'x':
		return string([]byte{byte(number(piece[2:], 16))})
	case piece[1] == 'u' || piece[1] == 'U':
		return string(rune(number(strings.Trim(piece[2:], "{}"), 16)))
	}
	return string([]byte{byte(number(piece[1:], 8))})
}

// folded is the layer as secrets are compared with it: a form writes a blank as "+".
func (l *layer) folded() *layer {
	under := newLayer(len(l.text))
	for i, c := range l.text {
		if c == '+' {
			c = ' '
		}
		under.addByte(c, l.from[i], l.to[i])
	}
	return under
}

// deepest is how many encodings on top of each other are taken off.
const deepest = 4

// layers are those of a text, as it stands first.
func layers(text string) []*layer {
	list := []*layer{original(text)}
	for len(list) < deepest {
		under := list[len(list)-1].below()
		if under == nil {
			break
		}
		list = append(list, under)
	}
	return list
}
