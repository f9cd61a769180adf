package reports

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// A Format renders a finished report. The same report always renders the same.
type Format func(io.Writer, *Report) error

// promised are the formats of the contract in the order in which help names
// them. Those without a Format are not built yet.
var promised = []struct {
	name string
	make func(Options) Format
}{
	{"text", Text},
	{"json", func(Options) Format { return JSON }},
	{"junit", nil},
	{"markdown", nil},
	{"html", nil},
	{"csv", nil},
}

// A NotBuiltError names a format that is promised and not built yet.
type NotBuiltError struct{ Format string }

func (e *NotBuiltError) Error() string {
	return fmt.Sprintf("the format %s is not built yet; built are: %s", e.Format, strings.Join(Built(), ", "))
}

// An UnknownFormatError names a format that does not exist.
type UnknownFormatError struct{ Format string }

func (e *UnknownFormatError) Error() string {
	return fmt.Sprintf("there is no format %q; there are: %s", e.Format, strings.Join(Built(), ", "))
}

// Lookup returns the format of that name. The error is a *NotBuiltError or an
// *UnknownFormatError. Options matter to text alone.
func Lookup(name string, o Options) (Format, error) {
	for _, f := range promised {
		if f.name != name {
			continue
		}
		if f.make == nil {
			return nil, &NotBuiltError{Format: name}
		}
		return f.make(o), nil
	}
	return nil, &UnknownFormatError{Format: name}
}

// Built returns the names of the formats that Lookup gives.
func Built() []string {
	var names []string
	for _, f := range promised {
		if f.make != nil {
			names = append(names, f.name)
		}
	}
	return slices.Clip(names)
}
