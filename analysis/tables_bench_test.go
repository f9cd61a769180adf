package analysis

import "testing"

// 833 hits on four versions have C(836, 3) = 97,030,340 tables. Going through
// them one by one takes about 1.5 s in plain Go.
func BenchmarkExactNinetySevenMillionTables(b *testing.B) {
	shares := []float64{0.25, 0.25, 0.25, 0.25}
	for b.Loop() {
		exactPValue(833, shares, 17.73) // a p-value of about alpha
	}
}

// The verdict on bare counts, as simulations ask for it millions of times.
func BenchmarkVerdictOfCounts(b *testing.B) {
	p := planned(b, "v1=80,v2=10,v3=10")
	v := NewVerdicts(p)
	v.Learn()
	counts := []int64{p.Requests * 8 / 10, p.Requests / 10, p.Requests - p.Requests*8/10 - p.Requests/10}
	b.ReportAllocs()
	for b.Loop() {
		v.Of(counts, 0)
	}
}
