package splittest_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/splitcheck/splitcheck/analysis"
	"github.com/splitcheck/splitcheck/splittest"
)

// t stands for the *testing.T of a test.
var t testing.TB = printing{}

// Any function that names a version can be checked: here the one by which a client
// chooses its backend, nine times in ten the first.
func ExampleVerify() {
	var turn atomic.Int64
	choose := func() string {
		if turn.Add(1)%10 == 0 {
			return "v2"
		}
		return "v1"
	}

	splittest.Verify(t, func(context.Context) (string, error) {
		return choose(), nil
	}, splittest.Weights{"v1": 90, "v2": 10})
	// Output:
	// PASS
}

// An HTTP server is asked with a client of the test's own. It opens a connection
// for each request: a balancer may choose once for each connection, and requests
// that share one would then say the same thing several times.
func ExampleVerify_http() {
	var turn atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, "served by v%d", 1+turn.Add(1)%2)
	}))
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

	splittest.Verify(t, func(ctx context.Context) (string, error) {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			return "", err
		}
		answer, err := client.Do(request)
		if err != nil {
			return "", err
		}
		defer answer.Body.Close()
		body, err := io.ReadAll(answer.Body)
		return strings.TrimPrefix(string(body), "served by "), err
	}, splittest.Weights{"v1": 1, "v2": 1}, splittest.Margin(0.1))
	// Output:
	// PASS
}

// A client that keeps its connections open says which one each request used. Here
// a balancer chooses once for each of fifty connections, which the counts alone
// do not show: they are exactly right.
func ExampleOnConnection() {
	var turn atomic.Uint64
	result, err := splittest.Check(context.Background(), func(ctx context.Context) (string, error) {
		connection := turn.Add(1) % 50
		splittest.OnConnection(ctx, connection)
		return fmt.Sprintf("v%d", 1+connection%2), nil
	}, splittest.Weights{"v1": 1, "v2": 1}, splittest.Margin(0.1))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Verdict)
	for _, gate := range result.Gates {
		if gate.Broken {
			fmt.Println(gate.Name)
		}
	}
	// Output:
	// inconclusive
	// connections
}

// A RequestSender is what the conformance suite of the Gateway API sends its
// requests with (sigs.k8s.io/gateway-api/conformance/utils/weight). It returns the
// name of the pod that answered.
type RequestSender interface {
	SendRequest() (podName string, err error)
}

// The suite's own senders can be asked as they are.
func ExampleVerify_requestSender() {
	var sender RequestSender = &cluster{}

	splittest.Verify(t, func(context.Context) (string, error) {
		pod, err := sender.SendRequest()
		if err != nil {
			return "", err
		}
		// infra-backend-v1-6c9f7d8b5-x2k4p is a pod of infra-backend-v1.
		parts := strings.Split(pod, "-")
		return strings.Join(parts[:max(0, len(parts)-2)], "-"), nil
	}, splittest.Weights{"infra-backend-v1": 70, "infra-backend-v2": 30})
	// Output:
	// PASS
}

// A cluster stands for one with a Gateway and an HTTPRoute of 70/30.
type cluster struct{ turn atomic.Int64 }

func (c *cluster) SendRequest() (string, error) {
	if c.turn.Add(7)%10 < 7 {
		return "infra-backend-v1-6c9f7d8b5-x2k4p", nil
	}
	return "infra-backend-v2-5d4b7c96f-9qwzt", nil
}

// A negative control: the check itself is checked, by a split that is wrong on
// purpose.
func ExampleCheck() {
	result, err := splittest.Check(context.Background(), func(context.Context) (string, error) {
		return "v1", nil
	}, splittest.Weights{"v1": 90, "v2": 10})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(result.Verdict == analysis.Violated)
	fmt.Println(result.Versions[1].Version, "was seen", result.Versions[1].Count, "times")
	// Output:
	// true
	// v2 was seen 0 times
}
