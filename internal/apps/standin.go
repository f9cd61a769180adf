package apps

import (
	"encoding/json"
	"net/http"
)

// An echo is what the stand-in answers. Path is as it was in the request line,
// with its query, so rewrites can be seen.
type echo struct {
	App       string      `json:"app"`
	Version   string      `json:"version"`
	Pod       string      `json:"pod"`
	Namespace string      `json:"namespace"`
	Host      string      `json:"host"`
	Path      string      `json:"path"`
	Method    string      `json:"method"`
	Headers   http.Header `json:"headers"`
}

// newStandIn answers every request, of any method, with what it is and what it
// was asked. It runs instead of images that are not built in.
func newStandIn(i Instance) (http.Handler, error) {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := json.Marshal(echo{i.App, i.Version, i.Pod, i.Namespace, r.Host, r.URL.RequestURI(), r.Method, r.Header})
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		send(w, r, http.StatusOK, jsonType, append(body, '\n'))
	}), nil
}
