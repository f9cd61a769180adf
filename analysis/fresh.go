package analysis

import "math"

// Connections returns the number of connections below which a version without
// a hit may be the work of a balancer that chooses once for each connection:
// the largest ln(alpha)/ln(1 - share) over the versions of positive weight. It
// is 0 where there is one such version only.
func (p *Plan) Connections() int64 {
	var most float64
	for _, version := range p.Versions {
		if share := version.ExpectedShare; share > 0 && share < 1 {
			most = max(most, math.Ceil(math.Log(p.Question.Alpha)/math.Log1p(-share)))
		}
	}
	return int64(most)
}
