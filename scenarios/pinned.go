package scenarios

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/splitcheck/splitcheck/identify"
	"github.com/splitcheck/splitcheck/internal/apps"
	"github.com/splitcheck/splitcheck/internal/routing"
)

// A pinned world runs the applications of a scenario in this process, without
// routes and draws: each Service is answered by its first workload, and one by
// the workload that is being asked about.
type pinned struct {
	*view
	service  string
	workload workload
}

// ask sends the request of a check to the Service that its load reaches first,
// logged in if the check says so.
func (p *pinned) ask(c Check, e entryPoint) (identify.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), askTimeout)
	defer cancel()
	r := request(c.Request).WithContext(ctx)
	if c.Request.Body != "" {
		r.Body = io.NopCloser(strings.NewReader(c.Request.Body))
	}
	if login := c.Request.Login; login != nil {
		form := url.Values{}
		for name, value := range login.Form {
			form.Set(name, value)
		}
		asks := request(Request{Method: http.MethodPost, Path: login.Path}).WithContext(ctx)
		asks.Body = io.NopCloser(strings.NewReader(form.Encode()))
		asks.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		asks.Header.Set("Referer", "http://splitcheck.test/")
		answer, err := p.serve(*e.first, asks)
		if err != nil {
			return identify.Answer{}, err
		}
		for _, cookie := range (&http.Response{Header: answer.Header}).Cookies() {
			r.AddCookie(cookie)
		}
	}
	if e.rule != nil && e.rule.Rewrite != nil {
		r.URL.Path = e.rule.Rewrite.Apply(r.URL.Path)
	}
	return p.serve(*e.first, r)
}

// serve answers r by the workload behind s.
func (p *pinned) serve(s service, r *http.Request) (identify.Answer, error) {
	var w workload
	switch all := p.behind(s, nil); {
	case s.host == p.service:
		w = p.workload
	case len(all) == 0:
		return identify.Answer{}, fmt.Errorf("no pods stand behind %s", s.object.Name)
	default:
		w = all[0]
	}
	return p.answer(w, r)
}

// answer asks a workload itself.
func (p *pinned) answer(w workload, r *http.Request) (identify.Answer, error) {
	handler, err := p.run(w)
	if err != nil {
		return identify.Answer{}, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	answer := &answerWriter{header: http.Header{}, status: http.StatusOK}
	handler.ServeHTTP(answer, r)
	return identify.Answer{Status: answer.status, Header: answer.header, Body: answer.body.Bytes()}, nil
}

func (p *pinned) run(w workload) (http.Handler, error) {
	containers := w.value.Spec.Template.Spec.Containers
	if len(containers) == 0 {
		return nil, errors.New("the pod has no containers")
	}
	main, app, version := containers[0], "", ""
	for _, c := range containers {
		a, v, known := apps.ForImage(c.Image)
		if app == "" || known {
			main, app, version = c, a, v
		}
		if known {
			break
		}
	}
	if version == "" {
		version = w.labels["version"]
	}
	env := map[string]string{}
	for _, variable := range main.Env {
		env[variable.Name] = variable.Value
	}
	return apps.New(apps.Instance{
		App: app, Version: version, Pod: w.object.Name + "-5d4f8c7b9-x2k7q", Namespace: w.object.Namespace, Env: env,
		Client: &http.Client{Transport: caller{p, w.object.Namespace}},
	})
}

// A caller carries the calls of an application to the others.
type caller struct {
	*pinned
	namespace string
}

func (c caller) RoundTrip(r *http.Request) (*http.Response, error) {
	s, known := c.services[routing.FullHost(r.URL.Hostname(), c.namespace)]
	if !known {
		return nil, fmt.Errorf("no Service is named %s", r.URL.Hostname())
	}
	inner := r.Clone(r.Context())
	inner.Host = r.URL.Host
	answer, err := c.serve(s, inner)
	if err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: answer.Status, Status: http.StatusText(answer.Status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: answer.Header, Body: io.NopCloser(bytes.NewReader(answer.Body)), ContentLength: int64(len(answer.Body)), Request: r,
	}, nil
}

// An answerWriter keeps what a handler writes.
type answerWriter struct {
	header http.Header
	status int
	wrote  bool
	body   bytes.Buffer
}

func (w *answerWriter) Header() http.Header { return w.header }

func (w *answerWriter) WriteHeader(status int) {
	if !w.wrote && status >= 200 {
		w.status, w.wrote = status, true
	}
}

func (w *answerWriter) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.body.Write(b)
}
