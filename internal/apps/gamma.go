package apps

import (
	"fmt"
	"net/http"
	"time"
)

// backendTimeout is how long frontend waits for the backend.
const backendTimeout = 5 * time.Second

// newBackend answers every path with who it is: the API whose versions the
// Gateway API example shifts between.
func newBackend(i Instance) (http.Handler, error) {
	return serve(prebuilt(http.StatusOK, jsonType,
		`{"service":"backend","version":`+quoted(i.Version)+`,"pod":`+quoted(i.Pod)+"}\n")), nil
}

// frontend consumes the API through the name it knows, backend-svc, and shows
// which backend that was.
type frontend struct{ backend service }

func newFrontend(i Instance) (http.Handler, error) {
	backend, err := i.service("backend-svc", "BACKEND_SVC", "80")
	if err != nil {
		return nil, err
	}
	s := frontend{backend}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", s.page)
	mux.HandleFunc("GET /api", s.api)
	mux.Handle("GET /health", prebuilt(http.StatusOK, plainType, "ok\n"))
	return mux, nil
}

// A backendView is what the page shows of an answer; Answer is nil if there was
// none that could be read.
type backendView struct {
	Host, Color, Sorry string
	Answer             *backendAnswer
}

type backendAnswer struct {
	Service string `json:"service"`
	Version string `json:"version"`
	Pod     string `json:"pod"`
}

func (s frontend) page(w http.ResponseWriter, r *http.Request) {
	reply, err := s.ask(r)
	view := backendView{Host: s.backend.host, Color: "#b42318"}
	switch {
	case err != nil:
		reply.status = http.StatusBadGateway
		view.Sorry = "The backend could not be reached."
	case reply.status != http.StatusOK:
		view.Sorry = fmt.Sprintf("The backend answered with status %d.", reply.status)
	default:
		if view.Answer = decode[backendAnswer](reply.body); view.Answer == nil {
			reply.status = http.StatusBadGateway
			view.Sorry = "What the backend answered is no JSON."
		} else {
			view.Color = versionColor(view.Answer.Version)
		}
	}
	render(reply.status, "frontend.html", view).ServeHTTP(w, r)
}

// api passes the backend's answer through as it is, its status included.
func (s frontend) api(w http.ResponseWriter, r *http.Request) {
	reply, err := s.ask(r)
	if err != nil {
		send(w, r, http.StatusBadGateway, jsonType, []byte(`{"error":"the backend could not be reached"}`+"\n"))
		return
	}
	contentType := reply.header["Content-Type"]
	send(w, r, reply.status, contentType[:len(contentType):len(contentType)], reply.body)
}

func (s frontend) ask(r *http.Request) (reply, error) {
	header := forwarded(r.Header)
	pass(r.Header, header, endUser)
	return s.backend.get(r.Context(), "/", "", header, backendTimeout)
}
