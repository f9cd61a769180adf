package analysis

import (
	"encoding/json"
	"testing"

	"github.com/splitcheck/splitcheck/split"
)

// Tallies come from files too: counts that contradict each other must not
// panic, hang, or print what is no number.
func FuzzJudge(f *testing.F) {
	for _, tally := range []string{
		`{}`,
		`{"versions":{"v1":900,"v2":100}}`,
		`{"versions":{"v1":9,"v2":1},"errors":{"timeout":5},"unidentified":{"no marker":2}}`,
		`{"versions":{"v1":3,"v2":3},"sequence":{"segments":1,"transitions":{"v1":{"v1":2,"v2":1},"v2":{"v2":2}}}}`,
		`{"versions":{"v1":3,"v2":3},"sequence":{"segments":9,"transitions":{"v1":{"v3":-2}}}}`,
		`{"versions":{"v1":3,"v2":3},"connections":{"count":2,"sizes":{"3":2},"hits":{"v1":{"3":{"3":1}},"v2":{"3":{"3":1}}}}}`,
		`{"versions":{"v1":3},"connections":{"count":9,"sizes":{"0":9,"-1":4},"hits":{"v1":{"3":{"8":1}}}}}`,
		`{"versions":{"v1":1000000000000,"v2":1000000000000}}`,
		`{"versions":{"v1":600,"v2":400},"blocks":{"size":16,"hits":{"v1":[600],"v2":[0,400]}}}`,
		`{"versions":{"v1":600,"v2":400},"blocks":{"size":3,"hits":{"v1":[-1,601],"v2":[0,400]}}}`,
		`{"versions":{"v1":60,"v2":40},"connections":{"count":10,"sizes":{"10":10},"hits":{"v1":{"10":{"10":6}},"v2":{"10":{"10":4}}}},` +
			`"blocks":{"size":64,"hits":{"v1":[30,30],"v2":[34,6]}}}`,
	} {
		f.Add("v1=90,v2=10", []byte(tally))
	}
	f.Add("v1=1,v2=0,v3=1e-9", []byte(`{"versions":{"v1":100000}}`))
	f.Fuzz(func(t *testing.T, weights string, written []byte) {
		w, err := split.ParseWeights(weights)
		if err != nil || len(w) > 8 {
			return
		}
		var tally split.Tally
		if json.Unmarshal(written, &tally) != nil {
			return
		}
		for _, counts := range []map[string]int64{tally.Versions, tally.Errors, tally.Unidentified} {
			for name, n := range counts {
				if n < 0 || n > 1e12 {
					counts[name] = 1
				}
			}
		}
		known := Context{Previous: split.Weights{{Version: "v1", Weight: 1}}, Replicas: map[string]int64{"v1": 2, "v2": 1, "v3": -1}}
		p, err := PlanFor(Question{Weights: w, MaxErrors: -1, Context: known}, 1000)
		if err != nil {
			return
		}
		wholeOf(t, Judge(p, &tally))
	})
}
