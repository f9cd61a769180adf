package apps

import "net/http"

// The catalogue is a function's result because the builders reach, through
// error texts, the catalogue they are listed in.
var catalogue []application

func init() {
	unbuilt := func(i Instance) (http.Handler, error) { return http.NotFoundHandler(), nil }
	bookinfo := func(name, summary string, versions ...string) application {
		return application{
			Description: Description{Name: name, Summary: summary, Port: 9080, Versions: versions},
			images:      []string{"examples-bookinfo-" + name + "-"},
			build:       unbuilt,
		}
	}
	catalogue = []application{
		bookinfo("productpage", "bookinfo's page of a book, with a login", "v1", "v-flooding"),
		bookinfo("details", "bookinfo's publisher, pages and ISBN, as JSON", "v1"),
		bookinfo("ratings", "bookinfo's stars, as JSON", "v1", "v-faulty", "v-delayed", "v-unavailable", "v-unhealthy"),
		bookinfo("reviews", "bookinfo's reviews, as JSON: v1 without stars, v2 with black ones, v3 with red ones", "v1", "v2", "v3"),
		{Description{"version-test", "a page that names its version and pod", 80, []string{"v1", "v2"}, true}, []string{"splitcheck.dev/apps/version-test"}, unbuilt},
		{Description{"weather-frontend", "the weather page, and the way to the services behind it", 3000, []string{"v1", "v2"}, false}, []string{"istioweather/frontend"}, unbuilt},
		{Description{"forecast", "a city's weather, as JSON: v2 adds what to wear and do", 3002, []string{"v1", "v2"}, false}, []string{"istioweather/forecast"}, unbuilt},
		{Description{"advertisement", "the weather page's advertisement, as JSON", 3003, []string{"v1"}, false}, []string{"istioweather/advertisement"}, unbuilt},
		{Description{"recommendation", "what to wear and do in a weather, as JSON", 3005, []string{"v1"}, false}, []string{"istioweather/recommendation"}, unbuilt},
		{Description{"nginx", "nginx's welcome page, its release in the Server header", 80, []string{"1.14.2", "1.16.1"}, true}, []string{"nginx"}, unbuilt},
		{Description{"backend", "an API that names its version and pod, as JSON", 8080, []string{"v1", "v2"}, true}, []string{"splitcheck.dev/apps/backend"}, unbuilt},
		{Description{"frontend", "a page that shows which backend answered it", 8080, []string{"v1"}, true}, []string{"splitcheck.dev/apps/frontend"}, unbuilt},
		{Description{StandIn, "echoes the request and names its version and pod, as JSON", 8080, []string{"v1"}, true}, []string{"splitcheck.dev/apps/stand-in"}, unbuilt},
	}
}
