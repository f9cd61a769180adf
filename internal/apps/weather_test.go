package apps

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/tidwall/gjson"
)

// weather is a town with the weather in it, and its frontend.
func weather(tb testing.TB, forecast string) (*town, http.Handler) {
	tb.Helper()
	t := &town{}
	t.add(tb, "forecast:3002", "forecast", forecast, nil)
	t.add(tb, "advertisement:3003", "advertisement", "v1", nil)
	t.add(tb, "recommendation:3005", "recommendation", "v1", nil)
	return t, t.add(tb, "", "weather-frontend", "v1", nil)
}

func TestForecast(t *testing.T) {
	for _, city := range []string{"Hangzhou", "Shanghai", "Beijing"} {
		town, frontend := weather(t, "v1")
		plain := get(frontend, "/data/weather?locate="+city)
		assert.Equal(t, http.StatusOK, plain.Code)
		assert.Equal(t, "application/json", plain.Header().Get("Content-Type"))
		assert.Equal(t, "200", gjson.Get(plain.Body.String(), "cod").String())
		assert.Equal(t, city, gjson.Get(plain.Body.String(), "city.name").String())
		assert.Equal(t, "/weather?locate="+city, town.calls[0].URL.RequestURI(), "the prefix ends at the frontend")
		assert.NotContains(t, plain.Body.String(), "recommendation")
		assert.Empty(t, town.called("recommendation:3005"))

		town, frontend = weather(t, "v2")
		advised := get(frontend, "/data/weather?locate="+city)
		assert.Equal(t, http.StatusOK, advised.Code)
		assert.Len(t, town.called("recommendation:3005"), 1, "one call for all days")
		days := gjson.Get(advised.Body.String(), "list").Array()
		assert.Len(t, days, 5)
		for _, day := range days {
			assert.Regexp(t, `^label:[a-z]+;label:[a-z]+$`, day.Get("recommendation").String())
			assert.Positive(t, day.Get("dt").Int())
			assert.Positive(t, day.Get("temp.day").Float())
			assert.NotEmpty(t, day.Get("weather.0.icon").String())
		}

		// Without the recommendations the two say the same.
		bare := regexp.MustCompile(`,"recommendation":"[^"]*"`).ReplaceAllString(advised.Body.String(), "")
		assert.Equal(t, plain.Body.String(), bare)
	}

	_, frontend := weather(t, "v2")
	for _, query := range []string{"", "?locate=", "?locate=Atlantis", "?locate=%zz"} {
		answer := get(frontend, "/data/weather"+query)
		assert.Equal(t, http.StatusNotFound, answer.Code, query)
		assert.JSONEq(t, `{"cod":"404","message":"city not found"}`, answer.Body.String())
	}
	assert.Equal(t, http.StatusOK, get(frontend, "/data/weather?locate=hangzhou").Code)
}

func TestForecastWithoutRecommendation(t *testing.T) {
	for how, handler := range map[string]http.Handler{
		"unreachable": nil, "503": failing(503), "no JSON": saying("oops"), "empty": saying(`{"list":[]}`),
		"too much": saying(`{"list":[{},{},{},{},{},{},{}]}`), "hangs": hanging,
	} {
		synctest.Test(t, func(t *testing.T) {
			town, frontend := weather(t, "v2")
			town.hosts["recommendation:3005"] = handler
			start := time.Now()
			answer := get(frontend, "/data/weather?locate=Hangzhou")
			assert.LessOrEqual(t, time.Since(start), 3*time.Second, how)
			assert.Equal(t, http.StatusOK, answer.Code, how)
			assert.Equal(t, 5, strings.Count(answer.Body.String(), `"recommendation":"label:unavailable"`), "v2 is still told from v1: %s", how)
		})
	}
}

func TestWeatherFrontendPassesOn(t *testing.T) {
	town, frontend := weather(t, "v1")
	assert.Contains(t, get(frontend, "/advertisement/ad").Body.String(), "title")
	assert.Contains(t, get(frontend, "/recommendation/recommendation?weather=10d").Body.String(), "umbrella")

	town.calls = nil
	town.hosts["forecast:3002"] = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Served-By", "forecast")
		w.Header().Set("Connection", "close")
		w.WriteHeader(http.StatusTeapot)
	})
	answer := get(frontend, "/data/a%2Fb?c=d", "User-Agent", "Chrome", "Cookie", "user=tester", "End-User", "x", "Connection", "X-Hop, close", "X-Hop", "1", "Te", "trailers")
	assert.Equal(t, http.StatusTeapot, answer.Code)
	assert.Equal(t, "forecast", answer.Header().Get("X-Served-By"))
	assert.Empty(t, answer.Header().Get("Connection"))
	call := town.calls[0]
	assert.Equal(t, http.Header{"User-Agent": {"Chrome"}, "Cookie": {"user=tester"}, "End-User": {"x"}}, call.Header)

	delete(town.hosts, "forecast:3002")
	assert.Equal(t, http.StatusBadGateway, get(frontend, "/data/weather").Code)
	assert.Equal(t, http.StatusMethodNotAllowed, do(frontend, http.MethodPost, "/data/weather", "x").Code)
}

func TestWeatherPageNamesOneVersion(t *testing.T) {
	for _, version := range []string{"v1", "v2"} {
		page := get((&town{}).add(t, "", "weather-frontend", version, nil), "/")
		assert.Equal(t, []string{version}, regexp.MustCompile(`v\d`).FindAllString(page.Body.String(), -1),
			"drawings and script must not look like versions")
	}
}

func TestRecommendation(t *testing.T) {
	handler := (&town{}).add(t, "", "recommendation", "v1", nil)
	assert.JSONEq(t, `{"list":[{"weather":"01d","recommendation":"label:dress;label:sport"},{"weather":"x","recommendation":"label:book"},{"weather":"","recommendation":"label:book"}]}`,
		get(handler, "/recommendation?weather=01d,x,").Body.String())
	assert.Len(t, gjson.Get(get(handler, "/recommendation?weather="+strings.Repeat(",", 10_000)).Body.String(), "list").Array(), maxWeathers)
}

func FuzzWeather(f *testing.F) {
	f.Add("locate=Hangzhou", "01d")
	f.Add("%zz", ",")
	_, frontend := weather(f, "v2")
	f.Fuzz(func(t *testing.T, query, icons string) {
		for _, path := range []string{"/data/weather", "/recommendation/recommendation"} {
			request, cancel := hurried(path, time.Minute)
			request.URL.RawQuery = query + "&weather=" + icons
			assert.Contains(t, []int{200, 404}, record(frontend, request).Code)
			cancel()
		}
	})
}
