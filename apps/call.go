package apps

import "net/http"

// direct is the client of instances that were given none. It knows no proxies:
// services are reached by names that no proxy outside knows.
var direct = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
