package routing

import (
	"net/http"
	"slices"
	"strconv"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
)

// defaultRetries is Istio's policy where none is set. Its list of statuses for
// retriable-status-codes is empty
// (istio pilot/pkg/networking/core/route/retry/retry.go, DefaultPolicy).
//
//differential:virtualservice/faults-and-timeouts
func defaultRetries() Retries {
	return Retries{Attempts: 2, Default: true, On: []string{"connect-failure", "refused-stream", "unavailable", "cancelled"}}
}

// retries compiles a policy: what it leaves open is the default's
// (istio pilot/pkg/networking/core/route/retry/retry.go, ConvertPolicy).
//
//differential:virtualservice/faults-and-timeouts httproute/timeouts
func retries(in *networking.HTTPRetry) Retries {
	r := defaultRetries()
	if in == nil {
		return r
	}
	if in.GetAttempts() <= 0 {
		return Retries{}
	}
	r.Default = false
	r.Attempts = int(in.GetAttempts())
	r.PerTryTimeout = in.GetPerTryTimeout().AsDuration()
	if in.GetRetryOn() != "" {
		r.On, r.Codes = retryOn(in.GetRetryOn())
	}
	return r
}

const retriableStatusCodes = "retriable-status-codes"

// retryOn splits a list of conditions, in which numbers are statuses.
func retryOn(list string) (on []string, codes []int) {
	for part := range strings.SplitSeq(list, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		if code, err := strconv.Atoi(part); err == nil && http.StatusText(code) != "" {
			codes = append(codes, code)
			continue
		}
		on = append(on, part)
	}
	if len(codes) > 0 && !slices.Contains(on, retriableStatusCodes) {
		on = append(on, retriableStatusCodes)
	}
	return on, codes
}
