package apps

// catalogue lists the applications, systems together.
var catalogue = []application{
	{
		Profile{"productpage", "bookinfo's page of a book, with its reviews and a login", 9080, []string{"v1", "v-flooding"}, false},
		[]string{"examples-bookinfo-productpage-"}, newProductpage,
	}, {
		Profile{"details", "bookinfo's publisher, pages and ISBN, as JSON", 9080, []string{"v1"}, false},
		[]string{"examples-bookinfo-details-"}, newDetails,
	}, {
		Profile{"reviews", "bookinfo's reviews, as JSON: v1 without stars, v2 with black ones, v3 with red ones", 9080, []string{"v1", "v2", "v3"}, false},
		[]string{"examples-bookinfo-reviews-"}, newReviews,
	}, {
		Profile{"ratings", "bookinfo's stars, as JSON", 9080, []string{"v1", "v-faulty", "v-delayed", "v-unavailable", "v-unhealthy"}, false},
		[]string{"examples-bookinfo-ratings-"}, newRatings,
	}, {
		Profile{"version-test", "a page with one line that names its version", 80, []string{"v1", "v2"}, true},
		[]string{"splitcheck.dev/apps/version-test"}, newVersionTest,
	}, {
		Profile{"weather-frontend", "the weather page, and the way to the services behind it", 3000, []string{"v1", "v2"}, false},
		[]string{"istioweather/frontend"}, newWeatherFrontend,
	}, {
		Profile{"forecast", "a city's weather, as JSON: v2 adds what to wear and to do", 3002, []string{"v1", "v2"}, false},
		[]string{"istioweather/forecast"}, newForecast,
	}, {
		Profile{"advertisement", "the weather page's advertisement, as JSON", 3003, []string{"v1"}, false},
		[]string{"istioweather/advertisement"}, newAdvertisement,
	}, {
		Profile{"recommendation", "what to wear and to do in a weather, as JSON", 3005, []string{"v1"}, false},
		[]string{"istioweather/recommendation"}, newRecommendation,
	}, {
		Profile{"nginx", "a welcome page, the release in its Server header", 80, []string{"1.14.2", "1.16.1"}, true},
		[]string{"nginx"}, newNginx,
	}, {
		Profile{"backend", "an API that names its version and pod, as JSON", 8080, []string{"v1", "v2"}, true},
		[]string{"splitcheck.dev/apps/backend"}, newBackend,
	}, {
		Profile{"frontend", "a page that shows which backend answered it", 8080, []string{"v1"}, true},
		[]string{"splitcheck.dev/apps/frontend"}, newFrontend,
	}, {
		Profile{"relay", "makes the HTTP request in the body it is sent, within the cluster, and answers with the answer", 8080, []string{"v1"}, true},
		[]string{"splitcheck.dev/apps/relay"}, newRelay,
	}, {
		Profile{StandIn, "names itself and echoes the request, as JSON: what runs in place of an unknown image", 8080, []string{"v1"}, true},
		[]string{"splitcheck.dev/apps/stand-in"}, newStandIn,
	},
}
