package loadgen_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"time"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/split"
)

// A server that gives each tenth request to v2 is asked a hundred times, ten times
// on each connection. What comes back is counts, for package analysis to judge.
func ExampleGenerate() {
	var turn atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		version := "v1"
		if turn.Add(1)%10 == 0 {
			version = "v2"
		}
		fmt.Fprintf(w, "hello from %s\n", version)
	}))
	defer server.Close()

	network := loadgen.NewNetwork(4, 10, 5*time.Second)
	defer network.Close()
	rules, _ := identify.ParseAll([]string{`body:from (v\d)`})
	result, err := loadgen.Generate(context.Background(), loadgen.Plan{
		Request: loadgen.Request{URL: server.URL, Identify: rules},
		Load:    loadgen.Load{Requests: 100, Connections: 4, Reuse: 10},
	}, loadgen.HTTP{RoundTripper: network}, loadgen.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Tally.Requests(), "requests,", result.Tally.Failed(), "errors")
	fmt.Println("v1", result.Tally.Versions["v1"], "v2", result.Tally.Versions["v2"])
	// Output:
	// 100 requests, 0 errors
	// v1 90 v2 10
}

// What is said of one answer: a rule's marker, if there is one, and else what
// happened instead.
func ExampleClassify() {
	rules, _ := identify.ParseAll([]string{`body:from (v\d)`})
	for _, answer := range []identify.Answer{
		{Status: 200, Body: []byte("hello from v1")},
		{Status: 503, Body: []byte("no healthy upstream")},
		{Status: 404, Body: []byte("not here")},
	} {
		switch a := loadgen.Classify(rules, answer); a.Outcome {
		case split.Hit:
			fmt.Println("a hit of", a.Version)
		case split.Error:
			fmt.Println("an error:", a.Kind)
		default:
			fmt.Println("unidentified:", a.Kind)
		}
	}
	// Output:
	// a hit of v1
	// an error: status 503
	// unidentified: 404 without a marker
}
