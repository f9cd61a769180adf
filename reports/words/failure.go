package words

import (
	"errors"

	"github.com/splitcheck/splitcheck/split"
)

// A Failure is an error that is a finding: as an error it is in English, and a
// report has it as data.
type Failure struct{ Found split.Finding }

// Error implements error.
func (f *Failure) Error() string { return English(f.Found) }

// Reason returns what an error has found, which is its own words where it is no
// Failure, and has none within.
func Reason(err error) split.Finding {
	if failure := (*Failure)(nil); errors.As(err, &failure) {
		return failure.Found
	}
	return split.Text(err.Error())
}
