package apps

import (
	"encoding/json"
	"net/http"
	"strings"
)

// maxWeathers bounds how many weathers one request can ask about.
const maxWeathers = 64

type recommendationAnswer struct {
	List []recommended `json:"list"`
}

type recommended struct {
	Weather        string `json:"weather"`
	Recommendation string `json:"recommendation"`
}

// advice says what to wear and to do by the first two digits of an icon.
var advice = map[string]string{
	"01": "label:dress;label:sport",
	"02": "label:dress;label:sport",
	"03": "label:shirt;label:sport",
	"04": "label:shirt;label:movie",
	"09": "label:umbrella;label:movie",
	"10": "label:umbrella;label:movie",
	"11": "label:raincoat;label:book",
	"13": "label:coat;label:ski",
	"50": "label:mask;label:book",
}

// newRecommendation answers GET /recommendation?weather=01d,10d with advice for
// each of the weathers, in their order.
func newRecommendation(Instance) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /health", prebuilt(http.StatusOK, plainType, "ok\n"))
	mux.HandleFunc("GET /recommendation", func(w http.ResponseWriter, r *http.Request) {
		icons := strings.SplitN(r.URL.Query().Get("weather"), ",", maxWeathers+1)
		answer := recommendationAnswer{List: make([]recommended, 0, len(icons))}
		for _, icon := range icons[:min(len(icons), maxWeathers)] {
			answer.List = append(answer.List, recommended{icon, adviceFor(icon)})
		}
		body, _ := json.Marshal(answer) // Strings always have a JSON form.
		send(w, r, http.StatusOK, jsonType, body)
	})
	return mux, nil
}

func adviceFor(icon string) string {
	if said := advice[icon[:min(len(icon), 2)]]; said != "" {
		return said
	}
	return "label:book"
}

// newAdvertisement answers GET /ad with the one thing there is to sell.
func newAdvertisement(Instance) (http.Handler, error) {
	mux := http.NewServeMux()
	mux.Handle("GET /health", prebuilt(http.StatusOK, plainType, "ok\n"))
	mux.Handle("GET /ad", prebuilt(http.StatusOK, jsonType,
		`{"title":"A raincoat that folds into its pocket","text":"For the ten percent of days when the forecast is wrong."}`))
	return mux, nil
}
