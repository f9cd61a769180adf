package mesh

import "math"

// A key identifies one hop of one request: its draws follow from it alone, so
// that counts repeat whatever the concurrency. Envoy draws a fresh 64-bit
// number for each stream; a hash of seed, request number and path of hops has
// the same distribution and can be repeated.
//
//differential:elsewhere scenario version-test-90-10
type key uint64

// A purpose keeps the draws of one hop independent of each other.
type purpose uint64

const (
	forArm purpose = iota + 1
	forDelay
	forAbort
	forMirror
	forPod
	forSecondPod
	forGateway
	forLeak
	forFailure
	forError
	forRequestID
	forCookie
	forCall
	forAttempt
)

// golden is 2^64 divided by the golden ratio, the increment of splitmix64.
const golden = 0x9E3779B97F4A7C15

// mix is the finaliser of splitmix64 (Steele, Lea and Flood, "Fast splittable
// pseudorandom number generators", 2014): a bijection in which each bit of x
// changes half of the bits of the result.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xBF58476D1CE4E5B9
	x ^= x >> 27
	x *= 0x94D049BB133111EB
	return x ^ x>>31
}

// request returns the key of a request on its way into the mesh.
func request(seed, number uint64) key {
	return key(mix(mix(seed+golden) + number*golden))
}

// draw returns the nth 64-bit number that k holds for a purpose.
func (k key) draw(p purpose, n uint64) uint64 {
	return mix(mix(uint64(k)+uint64(p)*golden) + n*golden)
}

// below reports whether an event of the given probability, 0 to 1, happens.
func (k key) below(p purpose, n uint64, probability float64) bool {
	return float64(k.draw(p, n)>>11)*0x1p-53 < probability
}

// percent reports whether an event of the given percentage happens, to a
// millionth, as Envoy's fractional percentages do.
//
//differential:elsewhere scenario bookinfo-faults
func (k key) percent(p purpose, n uint64, percentage float64) bool {
	return percentage > 0 && k.draw(p, n)%1_000_000 < uint64(math.Round(percentage*10_000))
}

// call returns the key of the nth call that the workload at k makes to host.
func (k key) call(host string, n int) key {
	return key(mix(k.draw(forCall, uint64(n)) ^ hashed(host)))
}

// attempt returns the key of a repeated try; the first is k itself.
func (k key) attempt(n int) key {
	if n == 0 {
		return k
	}
	return key(k.draw(forAttempt, uint64(n)))
}

// hashed is 64-bit FNV-1a followed by mix: FNV alone leaves the high bits of
// short strings alike.
func hashed(s string) uint64 {
	h := uint64(0xCBF29CE484222325)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 0x100000001B3
	}
	return mix(h)
}
