package apps

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxRatings bounds the bytes that one pod keeps of posted ratings.
const maxRatings = 16 << 20

// ratings answers the stars of a product, and keeps in memory those that are
// posted. Its versions other than v1 misbehave as the original's do: v-faulty
// answers 503 half of the time, v-delayed takes 7 s half of the time,
// v-unavailable answers 503 every other minute, and v-unhealthy every other
// quarter of an hour, which it also reports to probes.
type ratings struct {
	version string
	started time.Time

	mu sync.RWMutex
	// dice say which requests fail. The pod's name is their seed, so counts can
	// be repeated and pods differ.
	dice   *rand.Rand
	posted map[int64]*answer
	size   int
}

var (
	ratingsOfNobody    = prebuilt(http.StatusBadRequest, jsonType, `{"error":"please provide numeric product ID"}`)
	ratingsInvalid     = prebuilt(http.StatusBadRequest, jsonType, `{"error":"please provide valid ratings JSON"}`)
	ratingsTooLong     = prebuilt(http.StatusRequestEntityTooLarge, jsonType, `{"error":"please provide at most 1 MiB of ratings"}`)
	ratingsFull        = prebuilt(http.StatusInsufficientStorage, jsonType, `{"error":"no room for more ratings"}`)
	ratingsUnavailable = prebuilt(http.StatusServiceUnavailable, jsonType, `{"error":"Service unavailable"}`)
	ratingsHealthy     = prebuilt(http.StatusOK, jsonType, `{"status":"Ratings is healthy"}`)
	ratingsUnhealthy   = prebuilt(http.StatusInternalServerError, jsonType, `{"status":"Ratings is not healthy"}`)
	ratingsOfFirst     = prebuilt(http.StatusOK, jsonType, `{"id":0,"ratings":{"Reviewer1":5,"Reviewer2":4}}`)
)

func newRatings(i Instance) (http.Handler, error) {
	seed := fnv.New64a()
	seed.Write([]byte(i.Pod))
	s := &ratings{
		version: i.Version, started: time.Now(), posted: map[int64]*answer{},
		dice: rand.New(rand.NewPCG(seed.Sum64(), 0)),
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /health", s.health)
	mux.Handle("GET /ratings/", ratingsOfNobody)
	mux.Handle("POST /ratings/", ratingsOfNobody)
	mux.HandleFunc("GET /ratings/{id}", s.get)
	mux.HandleFunc("POST /ratings/{id}", s.post)
	return mux, nil
}

func (s *ratings) health(w http.ResponseWriter, r *http.Request) {
	if s.version == "v-unhealthy" && s.down() {
		ratingsUnhealthy.ServeHTTP(w, r)
		return
	}
	ratingsHealthy.ServeHTTP(w, r)
}

func (s *ratings) get(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		ratingsOfNobody.ServeHTTP(w, r)
		return
	}
	switch s.version {
	case "v-faulty":
		if s.unlucky() {
			ratingsUnavailable.ServeHTTP(w, r)
			return
		}
	case "v-delayed":
		if s.unlucky() {
			select {
			case <-time.After(7 * time.Second):
			case <-r.Context().Done():
				return
			}
		}
	case "v-unavailable", "v-unhealthy":
		if s.down() {
			ratingsUnavailable.ServeHTTP(w, r)
			return
		}
	}
	s.of(id).ServeHTTP(w, r)
}

func (s *ratings) of(id int64) *answer {
	s.mu.RLock()
	posted := s.posted[id]
	s.mu.RUnlock()
	switch {
	case posted != nil:
		return posted
	case id == 0:
		return ratingsOfFirst
	}
	return prebuilt(http.StatusOK, jsonType, fmt.Sprintf(`{"id":%d,"ratings":{"Reviewer1":5,"Reviewer2":4}}`, id))
}

func (s *ratings) post(w http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		ratingsOfNobody.ServeHTTP(w, r)
		return
	}
	body, err := readRequest(w, r)
	if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
		ratingsTooLong.ServeHTTP(w, r)
		return
	}
	var compact bytes.Buffer
	if err != nil || json.Compact(&compact, body) != nil {
		ratingsInvalid.ServeHTTP(w, r)
		return
	}
	stored := prebuilt(http.StatusOK, jsonType, fmt.Sprintf(`{"id":%d,"ratings":%s}`, id, compact.Bytes()))
	if !s.keep(id, stored) {
		ratingsFull.ServeHTTP(w, r)
		return
	}
	stored.ServeHTTP(w, r)
}

func (s *ratings) keep(id int64, stored *answer) bool {
	// This is what an entry takes in addition to its body; it also limits the
	// memory for a flood of tiny ratings.
	const overhead = 1 << 10
	s.mu.Lock()
	defer s.mu.Unlock()
	size := s.size + len(stored.body) + overhead
	if old := s.posted[id]; old != nil {
		size -= len(old.body) + overhead
	}
	if size > maxRatings {
		return false
	}
	s.posted[id], s.size = stored, size
	return true
}

// unlucky is true for half of the requests.
func (s *ratings) unlucky() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dice.IntN(2) == 0
}

// down says whether this is one of the periods in which the version is out.
func (s *ratings) down() bool {
	period := time.Minute
	if s.version == "v-unhealthy" {
		period = 15 * time.Minute
	}
	return time.Since(s.started)/period%2 == 1
}
