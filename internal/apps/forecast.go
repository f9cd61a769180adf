package apps

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// recommendationTimeout is how long forecast v2 waits for recommendation.
const recommendationTimeout = 3 * time.Second

// noRecommendation is in a v2 answer if recommendation did not answer. The
// field is always there, so v2 can be told from v1 whatever the service behind
// it does.
const noRecommendation = "label:unavailable"

// A day is the weather of a day: icon as OpenWeather names them, temperature in
// degrees Celsius.
type day struct {
	icon string
	temp string
}

// A city has a week's weather, always the same: an answer must not depend on the
// day it is asked for.
type city struct {
	name string
	days []day
}

// firstDay is 2021-06-01 04:00 UTC, noon in China, in seconds since 1970.
const firstDay = 1_622_520_000

var cities = []city{
	{"Hangzhou", []day{{"01d", "26.4"}, {"02d", "27.1"}, {"10d", "22.8"}, {"10d", "21.5"}, {"03d", "24.9"}}},
	{"Shanghai", []day{{"02d", "24.3"}, {"03d", "23.8"}, {"10d", "21.9"}, {"03d", "22.6"}, {"01d", "25.7"}}},
	{"Beijing", []day{{"01d", "29.6"}, {"01d", "31.2"}, {"02d", "30.4"}, {"11d", "25.3"}, {"01d", "28.8"}}},
	{"Shenzhen", []day{{"11d", "28.9"}, {"10d", "29.3"}, {"10d", "28.7"}, {"02d", "31.1"}, {"02d", "31.8"}}},
}

// newForecast answers a city's weather. Version v2 adds what to wear and to do.
// For this it asks recommendation once per request, for all days together.
func newForecast(i Instance) (http.Handler, error) {
	recommendation, err := i.service("recommendation", "RECOMMENDATION", "3005")
	if err != nil {
		return nil, err
	}
	plain := make(map[string]*answer, len(cities))
	for _, c := range cities {
		plain[strings.ToLower(c.name)] = prebuilt(http.StatusOK, jsonType, c.forecast(nil))
	}
	unknown := prebuilt(http.StatusNotFound, jsonType, `{"cod":"404","message":"city not found"}`)
	mux := http.NewServeMux()
	mux.Handle("GET /health", prebuilt(http.StatusOK, plainType, "ok\n"))
	mux.HandleFunc("GET /weather", func(w http.ResponseWriter, r *http.Request) {
		c, found := findCity(r.URL.Query().Get("locate"))
		switch {
		case !found:
			unknown.ServeHTTP(w, r)
		case i.Version == "v1":
			plain[strings.ToLower(c.name)].ServeHTTP(w, r)
		default:
			send(w, r, http.StatusOK, jsonType, []byte(c.forecast(recommend(r.Context(), recommendation, c, r.Header))))
		}
	})
	return mux, nil
}

func findCity(name string) (city, bool) {
	for _, c := range cities {
		if strings.EqualFold(c.name, name) {
			return c, true
		}
	}
	return city{}, false
}

// forecast is the city's answer, as JSON; recommendations are one per day, or
// nil for the version that knows none.
func (c city) forecast(recommendations []string) string {
	b := make([]byte, 0, 1024)
	b = append(b, `{"cod":"200","city":{"name":"`...)
	b = append(b, c.name...)
	b = append(b, `"},"list":[`...)
	for i, d := range c.days {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"dt":`...)
		b = strconv.AppendInt(b, firstDay+int64(i)*24*60*60, 10)
		b = append(b, `,"temp":{"day":`...)
		b = append(b, d.temp...)
		b = append(b, `},"weather":[{"icon":"`...)
		b = append(b, d.icon...)
		b = append(b, `"}]`...)
		if recommendations != nil {
			b = append(b, `,"recommendation":`...)
			b = append(b, quoted(recommendations[i])...)
		}
		b = append(b, '}')
	}
	return string(append(b, "]}"...))
}

// recommend asks what to do in the city's weather; it returns one
// recommendation per day whatever happens.
func recommend(ctx context.Context, s service, c city, in http.Header) []string {
	icons := make([]string, len(c.days))
	recommendations := make([]string, len(c.days))
	for i, d := range c.days {
		icons[i], recommendations[i] = d.icon, noRecommendation
	}
	header := forwarded(in)
	pass(in, header, endUser)
	query := url.Values{"weather": {strings.Join(icons, ",")}}.Encode()
	reply, err := s.get(ctx, "/recommendation", query, header, recommendationTimeout)
	if err != nil || reply.status != http.StatusOK {
		return recommendations
	}
	if said := decode[recommendationAnswer](reply.body); said != nil {
		for i := range min(len(recommendations), len(said.List)) {
			if said.List[i].Recommendation != "" {
				recommendations[i] = said.List[i].Recommendation
			}
		}
	}
	return recommendations
}
