package apps

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reviews answers the reviews of a product. Version v1 knows no stars, v2 asks
// ratings for them and shows them black, v3 red; the variables ENABLE_RATINGS
// and STAR_COLOR decide otherwise, as they do in the original.
type reviews struct {
	// ratings is asked for stars if enabled; timeout is how long it may take.
	ratings service
	enabled bool
	timeout time.Duration
	// head is the answer between the product's id and the first review, color
	// the stars', both as JSON.
	head, color string
	// plain is the answer for the first product if there are no stars.
	plain *answer
}

// unrated is shown instead of the stars of a reviewer if the rating is not
// available.
const unrated = -1

func newReviews(i Instance) (http.Handler, error) {
	ratings, err := i.service("ratings", "RATINGS", "9080")
	if err != nil {
		return nil, err
	}
	// The images of v2 and v3 carry these variables themselves.
	enabled, color := "false", "black"
	switch i.Version {
	case "v2":
		enabled = "true"
	case "v3":
		enabled, color = "true", "red"
	}
	s := &reviews{
		ratings: ratings,
		enabled: strings.EqualFold(i.env("ENABLE_RATINGS", enabled), "true"),
		head: `","podname": ` + quoted(i.env("HOSTNAME", orNull(i.Pod))) +
			`,"clustername": ` + quoted(i.env("CLUSTER_NAME", "null")) + `,"reviews": [`,
		timeout: 10 * time.Second,
	}
	color = i.env("STAR_COLOR", color)
	if color != "black" {
		s.timeout = 2500 * time.Millisecond
	}
	s.color = quoted(color)
	s.plain = prebuilt(http.StatusOK, jsonType, string(s.page(0, unrated, unrated)))

	mux := http.NewServeMux()
	mux.Handle("GET /health", prebuilt(http.StatusOK, jsonType, `{"status": "Reviews is healthy"}`))
	mux.HandleFunc("GET /reviews/{id}", s.get)
	return mux, nil
}

func (s *reviews) get(w http.ResponseWriter, r *http.Request) {
	// The original's product ids are 32-bit; for another path it has no page.
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 32)
	if err != nil {
		http.NotFound(w, r)
		return
	}
	if !s.enabled && id == 0 {
		s.plain.ServeHTTP(w, r)
		return
	}
	first, second := unrated, unrated
	if s.enabled {
		first, second = s.stars(r.Context(), id, r.Header)
	}
	send(w, r, http.StatusOK, jsonType, s.page(id, first, second))
}

// stars asks ratings. Whatever goes wrong there is a review without stars.
func (s *reviews) stars(ctx context.Context, id int64, in http.Header) (first, second int) {
	header := forwarded(in)
	pass(in, header, endUser)
	reply, err := s.ratings.get(ctx, "/ratings/"+strconv.FormatInt(id, 10), "", header, s.timeout)
	if err != nil || reply.status != http.StatusOK {
		return unrated, unrated
	}
	var answer struct {
		Ratings struct{ Reviewer1, Reviewer2 *int }
	}
	if json.Unmarshal(reply.body, &answer) != nil {
		return unrated, unrated
	}
	return starsOr(answer.Ratings.Reviewer1), starsOr(answer.Ratings.Reviewer2)
}

// page writes the answer with the original's spacing, because there are
// patterns in use that match its bytes.
func (s *reviews) page(id int64, first, second int) []byte {
	b := make([]byte, 0, 640)
	b = append(b, `{"id": "`...)
	b = strconv.AppendInt(b, id, 10)
	b = append(b, s.head...)
	b = s.review(b, "Reviewer1", "Two pairs of twins, one town and not a dull minute. I laughed on every page!", first)
	b = append(b, ',')
	b = s.review(b, "Reviewer2", "Wonderful fun from the first mistaken greeting to the last. The later plays go deeper.", second)
	return append(b, "]}"...)
}

func (s *reviews) review(b []byte, reviewer, text string, stars int) []byte {
	b = append(b, `{  "reviewer": "`...)
	b = append(b, reviewer...)
	b = append(b, `",  "text": "`...)
	b = append(b, text...)
	b = append(b, '"')
	switch {
	case !s.enabled:
	case stars == unrated:
		b = append(b, `, "rating": {"error": "Ratings service is currently unavailable"}`...)
	default:
		b = append(b, `, "rating": {"stars": `...)
		b = strconv.AppendInt(b, int64(stars), 10)
		b = append(b, `, "color": `...)
		b = append(b, s.color...)
		b = append(b, '}')
	}
	return append(b, '}')
}

func starsOr(stars *int) int {
	if stars == nil {
		return unrated
	}
	return *stars
}

// orNull is how the original prints a name it was not given.
func orNull(name string) string {
	if name == "" {
		return "null"
	}
	return name
}

// quoted returns a text as a JSON string.
func quoted(text string) string {
	b, _ := json.Marshal(text) // A string always has a JSON form.
	return string(b)
}
