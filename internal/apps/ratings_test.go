package apps

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestRatingsPosted(t *testing.T) {
	town := &town{}
	ratings := town.add(t, "ratings:9080", "ratings", "v1", nil)
	reviews := town.add(t, "", "reviews", "v3", nil)
	other := town.add(t, "", "ratings", "v1", nil)

	// istio samples/bookinfo/src/ratings/ratings.js, onPost: the answer is what
	// is kept.
	answer := do(ratings, http.MethodPost, "/ratings/0", "{\"Reviewer1\": 1,\n \"Reviewer2\": 2}")
	assert.Equal(t, http.StatusOK, answer.Code)
	assert.Equal(t, `{"id":0,"ratings":{"Reviewer1":1,"Reviewer2":2}}`, answer.Body.String())
	assert.Equal(t, answer.Body.String(), get(ratings, "/ratings/0").Body.String())
	assert.Contains(t, get(reviews, "/reviews/0").Body.String(), `{"stars": 1, "color": "red"}`)
	assert.Contains(t, get(ratings, "/ratings/1").Body.String(), `"Reviewer1":5`)
	assert.Contains(t, get(other, "/ratings/0").Body.String(), `"Reviewer1":5`, "each pod has a memory of its own")

	for body, status := range map[string]int{"": 400, "{": 400, "{} {}": 400, `"` + strings.Repeat("a", maxBody) + `"`: 413} {
		assert.Equal(t, status, do(ratings, http.MethodPost, "/ratings/0", body).Code, "%.20s", body)
	}
	assert.Equal(t, 400, do(ratings, http.MethodPost, "/ratings/x", "{}").Code)
}

func TestRatingsKeepNoMoreThanTheyMay(t *testing.T) {
	ratings := (&town{}).add(t, "", "ratings", "v1", nil)
	body := `"` + strings.Repeat("a", maxBody/2) + `"`
	kept := 0
	for id := range 100 {
		switch answer := do(ratings, http.MethodPost, fmt.Sprintf("/ratings/%d", id), body); answer.Code {
		case http.StatusOK:
			kept++
		default:
			require.Equal(t, http.StatusInsufficientStorage, answer.Code)
		}
	}
	assert.Equal(t, 31, kept, "16 MiB hold 31 halves of a MiB and their keys")
	assert.Equal(t, http.StatusOK, do(ratings, http.MethodPost, "/ratings/0", "{}").Code, "what is replaced makes room")
}

// The misbehaviour of each version: istio samples/bookinfo/src/ratings/ratings.js.
func TestRatingsMisbehave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faulty := (&town{}).add(t, "", "ratings", "v-faulty", nil)
		failed, pairs := 0, 0
		const n = 1000
		last := 0
		for range n {
			status := get(faulty, "/ratings/0").Code
			if status == http.StatusServiceUnavailable {
				failed++
			}
			if status == last {
				pairs++
			}
			last = status
		}
		// Five standard deviations of a fair coin: sqrt(1000)/2 = 15.8.
		assert.InDelta(t, n/2, failed, 79, "half of the requests fail")
		assert.InDelta(t, n/2, pairs, 79, "each for itself")
	})

	synctest.Test(t, func(t *testing.T) {
		delayed := (&town{}).add(t, "", "ratings", "v-delayed", nil)
		took := map[time.Duration]int{}
		for range 100 {
			start := time.Now()
			assert.Equal(t, http.StatusOK, get(delayed, "/ratings/0").Code)
			took[time.Since(start)]++
		}
		assert.InDelta(t, 50, took[7*time.Second], 25)
		assert.Equal(t, 100, took[0]+took[7*time.Second])

		start := time.Now()
		for range 4 {
			request, cancel := hurried("/ratings/0", time.Second)
			record(delayed, request)
			cancel()
		}
		assert.LessOrEqual(t, time.Since(start), 4*time.Second, "a caller who gives up is not waited for")
	})

	for version, period := range map[string]time.Duration{"v-unavailable": time.Minute, "v-unhealthy": 15 * time.Minute} {
		synctest.Test(t, func(t *testing.T) {
			ratings := (&town{}).add(t, "", "ratings", version, nil)
			for _, status := range []int{200, 503, 200, 503} {
				assert.Equal(t, status, get(ratings, "/ratings/0").Code, version)
				health := 200
				if version == "v-unhealthy" && status == 503 {
					health = 500
				}
				assert.Equal(t, health, get(ratings, "/health").Code, version)
				time.Sleep(period)
			}
		})
	}
}

func FuzzRatings(f *testing.F) {
	f.Add("{}")
	f.Add(`{"Reviewer1":5.5,"Reviewer2":"x"}`)
	f.Add("[\x00")
	town, page := bookinfo(f, "v3")
	ratings := town.hosts["ratings:9080"]
	f.Fuzz(func(t *testing.T, body string) {
		do(ratings, http.MethodPost, "/ratings/0", body)
		assert.Equal(t, http.StatusOK, get(page, "/productpage").Code)
		town.calls = nil
	})
}
