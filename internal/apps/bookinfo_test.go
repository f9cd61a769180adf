package apps

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What people grep pages for, by version, from istio's own pages and tests of
// images 1.20.1 and later: samples/bookinfo/src/productpage/templates/
// productpage.html, and istio.io's traffic-shifting test.sh for the stars.
var pageMarkers = map[string]*regexp.Regexp{
	"pod":    regexp.MustCompile(`Reviews served by:\s*\n\s+reviews-(v\d)-[a-z0-9]+-[a-z0-9]+\s`),
	"stars":  regexp.MustCompile(`<svg id="glyphicon glyphicon-star"`),
	"black":  regexp.MustCompile(`<div class="flex gap-x-1 text-black-500"`),
	"red":    regexp.MustCompile(`<div class="flex gap-x-1 text-red-500"`),
	"failed": regexp.MustCompile(`<p class="text-red-500">Ratings service is currently unavailable</p>`),
	"none":   regexp.MustCompile(`Error fetching product reviews`),
}

func count(body string) map[string]int {
	found := map[string]int{}
	for name, marker := range pageMarkers {
		if n := len(marker.FindAllString(body, -1)); n > 0 {
			found[name] = n
		}
	}
	return found
}

func TestPageTellsVersionsApart(t *testing.T) {
	// Two reviews of 5 and 4 stars: 9 filled ones.
	want := map[string]map[string]int{
		"v1": {"pod": 2},
		"v2": {"pod": 2, "stars": 9, "black": 2},
		"v3": {"pod": 2, "stars": 9, "red": 2},
	}
	for version, markers := range want {
		_, page := bookinfo(t, version)
		answer := get(page, "/productpage")
		assert.Equal(t, http.StatusOK, answer.Code)
		assert.Equal(t, markers, count(answer.Body.String()), version)
		assert.Equal(t, version, pageMarkers["pod"].FindStringSubmatch(answer.Body.String())[1])
		// A pattern as loose as (v\d) has nothing to find but the pod's name:
		// neither the style nor the drawings may look like a version.
		for _, marker := range regexp.MustCompile(`v\d`).FindAllString(answer.Body.String(), -1) {
			assert.Equal(t, version, marker)
		}
	}
}

func TestPageWhenSomethingIsDown(t *testing.T) {
	for _, test := range []struct {
		down    string
		markers map[string]int
	}{
		{"ratings:9080", map[string]int{"pod": 2, "failed": 2}},
		{"reviews:9080", map[string]int{"none": 1}},
		{"details:9080", map[string]int{"pod": 2, "stars": 9, "red": 2}},
	} {
		for how, handler := range map[string]http.Handler{
			"unreachable": nil, "503": failing(503), "no JSON": saying("oops"), "wrong JSON": saying(`[3]`), "endless": saying(strings.Repeat("1", maxBody+1)),
		} {
			town, page := bookinfo(t, "v3")
			town.hosts[test.down] = handler
			answer := get(page, "/productpage")
			assert.Equal(t, http.StatusOK, answer.Code, "the page is 200 whatever failed: %s %s", test.down, how)
			assert.Equal(t, test.markers, count(answer.Body.String()), "%s %s", test.down, how)
			assert.Equal(t, test.down == "details:9080", strings.Contains(answer.Body.String(), "Error fetching product details"), how)
		}
	}
}

func TestReviewsJSON(t *testing.T) {
	// istio samples/bookinfo/src/reviews, LibertyRestEndpoint.getJsonResponse:
	// the id is a string, clustername the string "null" unless it is set.
	const rated = `"rating":{"stars":%d,"color":%q}`
	for _, test := range []struct {
		version, cluster, first, second string
		env                             map[string]string
	}{
		{"v1", "null", "", "", nil},
		{"v2", "null", fmt.Sprintf(rated, 5, "black"), fmt.Sprintf(rated, 4, "black"), nil},
		{"v3", "null", fmt.Sprintf(rated, 5, "red"), fmt.Sprintf(rated, 4, "red"), nil},
		{"v3", "west", fmt.Sprintf(rated, 5, `b"lue`), fmt.Sprintf(rated, 4, `b"lue`), map[string]string{"STAR_COLOR": `b"lue`, "CLUSTER_NAME": "west"}},
		{"v1", "null", fmt.Sprintf(rated, 5, "black"), fmt.Sprintf(rated, 4, "black"), map[string]string{"ENABLE_RATINGS": "TRUE"}},
		{"v3", "null", "", "", map[string]string{"ENABLE_RATINGS": "false"}},
	} {
		town := &town{}
		town.add(t, "ratings:9080", "ratings", "v1", nil)
		reviews := town.add(t, "", "reviews", test.version, test.env)
		for _, id := range []string{"0", "7", "-1"} {
			answer := get(reviews, "/reviews/"+id)
			require.Equal(t, http.StatusOK, answer.Code)
			// The texts are ours; everything else is the original's.
			body := regexp.MustCompile(`"text": "[^"]+"`).ReplaceAllString(answer.Body.String(), `"text": "t"`)
			review := func(name, rating string) string {
				if rating != "" {
					rating = "," + rating
				}
				return fmt.Sprintf(`{"reviewer":%q,"text":"t"%s}`, name, rating)
			}
			assert.JSONEq(t, fmt.Sprintf(`{"id":%q,"podname":%q,"clustername":%q,"reviews":[%s,%s]}`, id, podOf("reviews", test.version), test.cluster,
				review("Reviewer1", test.first), review("Reviewer2", test.second)), body)
		}
	}
}

func TestReviewsWithHalfARating(t *testing.T) {
	town := &town{hosts: map[string]http.Handler{"ratings:9080": saying(`{"ratings":{"Reviewer2":1000000000}}`)}}
	reviews := town.add(t, "reviews:9080", "reviews", "v2", nil)
	assert.Contains(t, get(reviews, "/reviews/0").Body.String(), "Ratings service is currently unavailable")

	page := town.add(t, "", "productpage", "v1", nil)
	assert.Equal(t, map[string]int{"pod": 2, "failed": 1, "black": 1, "stars": 5}, count(get(page, "/productpage").Body.String()),
		"there are never more than five stars")
}

func TestProductIDs(t *testing.T) {
	town, page := bookinfo(t, "v1")
	details, ratings, reviews := town.hosts["details:9080"], town.hosts["ratings:9080"], town.hosts["reviews:9080"]
	for _, test := range []struct {
		handler http.Handler
		path    string
		status  int
		body    string
	}{
		// istio samples/bookinfo/src: details.rb, ratings.js.
		{details, "/details/0", 200, `"ISBN-10":"1234567890","ISBN-13":"123-1234567890"`},
		{details, "/details/12", 200, `{"id":12,"author":"William Shakespeare","year":1595,"type":"paperback","pages":200,`},
		{details, "/details/x", 400, `{"error":"please provide numeric product id"}`},
		{details, "/details/", 400, `{"error":"please provide numeric product id"}`},
		{ratings, "/ratings/0", 200, `{"id":0,"ratings":{"Reviewer1":5,"Reviewer2":4}}`},
		{ratings, "/ratings/9", 200, `{"id":9,"ratings":{"Reviewer1":5,"Reviewer2":4}}`},
		{ratings, "/ratings/x", 400, `{"error":"please provide numeric product ID"}`},
		// A JAX-RS int that does not parse is a page that does not exist.
		{reviews, "/reviews/x", 404, ""},
		{reviews, "/reviews/2147483648", 404, ""},
		{page, "/api/v1/products", 200, `[{"id": 0, "title": "The Comedy of Errors", "descriptionHtml": "`},
		{page, "/api/v1/products/0", 200, `"author":"William Shakespeare"`},
		{page, "/api/v1/products/0/reviews", 200, `"podname": "reviews-v1-`},
		{page, "/api/v1/products/0/ratings", 200, `"Reviewer1":5`},
		// productpage.py: the status of the dependency, with an error of its own.
		{page, "/api/v1/products/x", 400, `{"error": "Sorry, product details are currently unavailable for this book."}`},
		{page, "/api/v1/products/x/reviews", 404, `{"error": "Sorry, product reviews are currently unavailable for this book."}`},
		{page, "/api/v1/products/x/ratings", 400, `{"error": "Sorry, product ratings are currently unavailable for this book."}`},
		{page, "/nowhere", 404, ""},
	} {
		answer := get(test.handler, test.path)
		assert.Equal(t, test.status, answer.Code, test.path)
		assert.Contains(t, answer.Body.String(), test.body, test.path)
	}
}

func FuzzProductID(f *testing.F) {
	for _, id := range []string{"0", "-1", "x", "..", "%2e%2e", "0?x=y", "9223372036854775808", "0\r\nX: y", "\x00"} {
		f.Add(id)
	}
	town, page := bookinfo(f, "v2")
	f.Fuzz(func(t *testing.T, id string) {
		for _, target := range []struct {
			handler http.Handler
			path    string
		}{
			{page, "/api/v1/products/" + id}, {page, "/api/v1/products/" + id + "/reviews"}, {page, "/api/v1/products/" + id + "/ratings"},
			{town.hosts["details:9080"], "/details/" + id}, {town.hosts["ratings:9080"], "/ratings/" + id}, {town.hosts["reviews:9080"], "/reviews/" + id},
		} {
			request := (&http.Request{Method: http.MethodGet, URL: &url.URL{Path: target.path}, Header: http.Header{}}).WithContext(t.Context())
			answer := record(target.handler, request)
			assert.Contains(t, []int{200, 301, 307, 400, 404, 500}, answer.Code, target.path)
		}
		town.calls = nil
	})
}

func TestHostsFromVariables(t *testing.T) {
	// istio samples/bookinfo/src/productpage/productpage.py reads these.
	town := &town{}
	page := town.add(t, "", "productpage", "v1", map[string]string{
		"SERVICES_DOMAIN": "shop.example", "DETAILS_HOSTNAME": "facts", "REVIEWS_SERVICE_PORT": "81", "RATINGS_HOSTNAME": "stars", "RATINGS_SERVICE_PORT": "80",
	})
	get(page, "/productpage")
	get(page, "/api/v1/products/0/ratings")
	var hosts []string
	for _, call := range town.calls {
		hosts = append(hosts, call.URL.String())
	}
	assert.Equal(t, []string{
		"http://facts.shop.example:9080/details/0",
		"http://reviews.shop.example:81/reviews/0", "http://reviews.shop.example:81/reviews/0",
		"http://stars.shop.example/ratings/0",
	}, hosts)
}
