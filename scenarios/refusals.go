package scenarios

import "github.com/splitcheck/splitcheck/problems"

func (r *reading) refusals() problems.List { return nil }
