// Package problems describes what is wrong with a user's files: every mistake
// with its place, in the user's words, and what to do about it. It does not
// know what the files mean.
package problems

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/splitcheck/splitcheck/split"
)

// A Problem is one mistake.
type Problem struct {
	// File is the name by which the user knows the file; Line and Column count
	// from 1, and 0 means that the problem is the whole file's.
	File         string
	Line, Column int
	// ID names a finding that docs/lint.md explains ("SC101"); it is empty for
	// plain mistakes of form.
	ID string
	// Message says what is wrong, quoting the user's words.
	Message string
	// Hint says what to do.
	Hint string
	// Warning marks a problem that is worth knowing but stops nothing.
	Warning bool
}

// String renders p as file:line:column: message; hint.
func (p Problem) String() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File)
		if p.Line > 0 {
			fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
		}
		b.WriteString(": ")
	}
	if p.Warning {
		b.WriteString("warning: ")
	}
	if p.ID != "" {
		b.WriteString(p.ID + ": ")
	}
	b.WriteString(p.Message)
	if p.Hint != "" {
		b.WriteString("; " + p.Hint)
	}
	return b.String()
}

// Finding returns the problem as data.
func (p Problem) Finding() split.Finding {
	values := split.Values{"text": p.Message}
	for name, value := range map[string]string{"file": p.File, "rule": p.ID, "hint": p.Hint} {
		if value != "" {
			values[name] = value
		}
	}
	if p.Line > 0 {
		values["line"], values["column"] = p.Line, p.Column
	}
	return split.Found("in-file", values)
}

// List is problems in the order of their places. As an error it reads one
// problem a line.
type List []Problem

// Error implements error.
func (l List) Error() string {
	lines := make([]string, len(l))
	for i, p := range l {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Sort orders l by file, line and column, and drops exact repetitions.
func (l List) Sort() List {
	slices.SortStableFunc(l, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return slices.Compact(l)
}

// Errors returns those that are not warnings.
func (l List) Errors() List { return l.filter(false) }

// Warnings returns those that stop nothing.
func (l List) Warnings() List { return l.filter(true) }

// Err returns l as an error if it holds anything but warnings, else nil.
func (l List) Err() error {
	if errs := l.Errors(); len(errs) > 0 {
		return errs
	}
	return nil
}

func (l List) filter(warning bool) List {
	var kept List
	for _, p := range l {
		if p.Warning == warning {
			kept = append(kept, p)
		}
	}
	return kept
}
