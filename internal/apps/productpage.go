package apps

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// bookTimeout is how long productpage waits for each answer.
const bookTimeout = 3 * time.Second

// productpage shows a book with its details and reviews, as a page and as JSON.
// It is the only service of bookinfo that people see.
type productpage struct {
	details, ratings, reviews service
	// flood is how many extra calls to reviews each page makes, their answers
	// ignored: for showing rate limits.
	flood    int
	sessions sessions
	rendered printer
}

// maxFlood bounds FLOOD_FACTOR: a page that asks more often than this is a typo.
const maxFlood = 10_000

func newProductpage(i Instance) (http.Handler, error) {
	s := &productpage{sessions: sessions{[]byte(i.env("SESSION_KEY", sessionKey))}}
	for _, dependency := range []struct {
		to           *service
		name, prefix string
	}{{&s.details, "details", "DETAILS"}, {&s.ratings, "ratings", "RATINGS"}, {&s.reviews, "reviews", "REVIEWS"}} {
		found, err := i.service(dependency.name, dependency.prefix, "9080")
		if err != nil {
			return nil, err
		}
		*dependency.to = found
	}
	flood := "0"
	if i.Version == "v-flooding" {
		flood = "100"
	}
	var err error
	if s.flood, err = strconv.Atoi(i.env("FLOOD_FACTOR", flood)); err != nil || s.flood < 0 || s.flood > maxFlood {
		return nil, fmt.Errorf("FLOOD_FACTOR is %q; it has to be a number from 0 to %d", i.Env["FLOOD_FACTOR"], maxFlood)
	}

	index := prebuilt(http.StatusOK, htmlType, pages["index.html"])
	mux := http.NewServeMux()
	mux.Handle("GET /{$}", index)
	mux.Handle("GET /index.html", index)
	mux.Handle("GET /health", prebuilt(http.StatusOK, plainType, "Product page is healthy"))
	mux.HandleFunc("GET /productpage", s.page)
	mux.HandleFunc("POST /login", s.sessions.login)
	mux.HandleFunc("GET /logout", s.sessions.logout)
	mux.Handle("GET /api/v1/products", prebuilt(http.StatusOK, jsonType, productsJSON()))
	mux.HandleFunc("GET /api/v1/products/{id}", s.api(s.askDetails))
	mux.HandleFunc("GET /api/v1/products/{id}/reviews", s.api(s.askReviews))
	mux.HandleFunc("GET /api/v1/products/{id}/ratings", s.api(s.askRatings))
	return mux, nil
}

// A finding is what a dependency answered for a product: JSON, if its status is
// 200; otherwise the status stands for all that is known.
type finding struct {
	status int
	body   []byte
}

func (f finding) found() bool { return f.status == http.StatusOK }

func (s *productpage) askDetails(ctx context.Context, id string, header http.Header) finding {
	found, _ := ask(ctx, s.details, "/details/"+id, header)
	return found.or("details")
}

// askReviews tries twice. The original does so on purpose, to show in the fault
// injection task what an application hides from its users; a version that fails
// is therefore under-represented on pages.
func (s *productpage) askReviews(ctx context.Context, id string, header http.Header) finding {
	found, answered := ask(ctx, s.reviews, "/reviews/"+id, header)
	if !answered && ctx.Err() == nil {
		found, _ = ask(ctx, s.reviews, "/reviews/"+id, header)
	}
	return found.or("reviews")
}

func (s *productpage) askRatings(ctx context.Context, id string, header http.Header) finding {
	found, _ := ask(ctx, s.ratings, "/ratings/"+id, header)
	return found.or("ratings")
}

// ask makes one call. Answered means with status 200: everything else is tried
// a second time. An answer that is not JSON breaks the original after its loop,
// so it counts as answered, and as an error of its own.
func ask(ctx context.Context, s service, path string, header http.Header) (found finding, answered bool) {
	// The transport may add to the headers of a request; the next call has its own.
	reply, err := s.get(ctx, path, "", header.Clone(), bookTimeout)
	switch {
	case err != nil:
		return finding{status: http.StatusInternalServerError}, false
	case reply.status != http.StatusOK:
		return finding{status: reply.status}, false
	case !json.Valid(reply.body):
		return finding{status: http.StatusInternalServerError}, true
	}
	return finding{reply.status, reply.body}, true
}

// or fills in what the original says in place of an answer.
func (f finding) or(what string) finding {
	if !f.found() {
		f.body = []byte(`{"error": "` + unavailable(what) + `"}`)
	}
	return f
}

func unavailable(what string) string {
	return "Sorry, product " + what + " are currently unavailable for this book."
}

// headers are those of the calls made for a request. Who the user is comes from
// his session alone: an end-user header from outside is not passed on.
func (s *productpage) headers(r *http.Request) (header http.Header, user string) {
	header = forwarded(r.Header)
	if user = s.sessions.user(r); user != "" {
		header[endUser] = []string{user}
	}
	return header, user
}

// api answers with what a dependency found, its status included.
func (s *productpage) api(ask func(context.Context, string, http.Header) finding) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		header, _ := s.headers(r)
		found := ask(r.Context(), r.PathValue("id"), header)
		send(w, r, found.status, jsonType, found.body)
	}
}
