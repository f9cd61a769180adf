package recorded

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/splitcheck/splitcheck/split"
)

// Counts reads counts that somebody else has made, "v1=881,v2=119"; errors and
// unidentified are counts of requests that named no version. The tally has
// neither order nor connections. The error names every mistake.
func Counts(s string) (*split.Tally, error) {
	var (
		tally    = &split.Tally{}
		mistakes []error
		seen     = map[string]bool{}
	)
	for _, part := range strings.Split(s, ",") {
		name, number, found := strings.Cut(part, "=")
		name, number = strings.TrimSpace(name), strings.TrimSpace(number)
		count, err := strconv.ParseInt(number, 10, 64)
		switch {
		case !found || name == "":
			mistakes = append(mistakes, fmt.Errorf("%q is not VERSION=COUNT", part))
		case err != nil || count < 0 || count > maxCount:
			mistakes = append(mistakes, fmt.Errorf("the count of %s, %q, is not a whole number from 0 to %d", name, number, int64(maxCount)))
		case seen[name]:
			mistakes = append(mistakes, fmt.Errorf("%s is given twice", name))
		case name == "errors":
			tally.Errors = counted(count, "given as errors")
		case name == "unidentified":
			tally.Unidentified = counted(count, "given as unidentified")
		case count > 0:
			if tally.Versions == nil {
				tally.Versions = map[string]int64{}
			}
			tally.Versions[name] = count
		}
		seen[name] = true
	}
	if len(mistakes) == 0 && tally.Requests() == 0 {
		mistakes = append(mistakes, errors.New("there is nothing to judge"))
	}
	if len(mistakes) > 0 {
		return nil, fmt.Errorf("counts %q: %w; write them as v1=881,v2=119", s, join(mistakes))
	}
	return tally, nil
}

// maxCount keeps sums of counts exact, in floating point too.
const maxCount = 1 << 50

func counted(n int64, kind string) map[string]int64 {
	if n == 0 {
		return nil
	}
	return map[string]int64{kind: n}
}

func join(mistakes []error) error {
	words := make([]string, len(mistakes))
	for i, each := range mistakes {
		words[i] = each.Error()
	}
	return errors.New(strings.Join(words, "; "))
}
