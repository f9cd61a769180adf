package main

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/net/http/httpguts"

	"github.com/splitcheck/splitcheck/internal/draw"
	"github.com/splitcheck/splitcheck/internal/gateway"
	"github.com/splitcheck/splitcheck/internal/outward"
	"github.com/splitcheck/splitcheck/internal/runner"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/loadgen"
	"github.com/splitcheck/splitcheck/reports"
	"github.com/splitcheck/splitcheck/scenarios"
)

// verifyFlags are those of `verify`.
type verifyFlags struct {
	question       questionFlags
	identify       identifyFlags
	load           loadFlags
	way            wayFlags
	output         outputFlags
	method, host   string
	body           string
	headers        []string
	cookies, login []string
	loginPath      string
	dry            bool
	live           liveFlags
}

func newVerify(std streams) *cobra.Command {
	f := &verifyFlags{output: outputFlags{std: std}}
	cmd := &cobra.Command{
		Use:   "verify URL --identify RULE",
		Short: "Check a live split once",
		Long: `verify sends requests to URL, tells from each answer which version served it, and
judges whether the split matches the weights. It changes nothing. Redirects are
not followed: the answer is the redirect itself.

The weights are those of --expect, or are read from a cluster: from the rule of a
VirtualService or HTTPRoute that the request matches, or from another with --rule.
A destination is called by its subset, else by the label "version" that its Service
selects, else by its Service. If the answers use another name, or if two destinations
have the same one, give names with --name, which also takes SERVICE/SUBSET and
NAMESPACE/SERVICE. Counting starts when the proxies have the weights. Weights that
change in the meantime make the check inconclusive.

Without a cluster to ask, nothing but the answers tells whether a change is in effect.
So answers are read before the sample, 200 to 400 as a rule, until two successive
windows of them agree. They are reported and not judged; --settle 0 reads none.`,
		Example: `  splitcheck verify http://127.0.0.1:8080/version.html \
      --expect v1=90,v2=10 --identify 'body:(v[12])'
  splitcheck verify https://shop.example/api --expect stable=99,canary=1 \
      --identify header:X-Version --rate 200
  splitcheck verify http://127.0.0.1:8080/productpage --expect v1=0,v2=10,v3=90 \
      --login username=testuser --login passwd=x --identify 'body:reviews-(v[0-9]+)-'
  splitcheck verify http://127.0.0.1:8080/version.html \
      --virtual-service default/canary --identify 'body:(v[12])'
  splitcheck verify http://127.0.0.1:8080/api \
      --http-route gamma/split --rule 'rules[0]' --identify json:version`,
		Args: one("the URL to send requests to"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, std, args[0]) },
	}
	under(cmd, aboutQuestion, func() {
		f.question.register(cmd, true)
		f.identify.register(cmd, "how an answer names its version")
	})
	under(cmd, aboutLoad, func() {
		f.load.register(cmd, "100")
		registerSettle(cmd, &f.live.settle, "how long the split may take to be steady, or the proxies to get a cluster's weights; 0 counts from the first answer")
	})
	under(cmd, aboutRequests, func() { f.registerRequest(cmd) })
	under(cmd, aboutWay, func() { f.way.register(cmd) })
	cmd.Flags().BoolVar(&f.dry, "dry-run", false, "say what would be sent and for how long, ask once, and show what the answer names")
	under(cmd, aboutWeights, func() { f.live.register(cmd) })
	under(cmd, aboutOutput, func() { f.output.register(cmd) })
	groupHelp(cmd, aboutQuestion, aboutWeights, aboutRequests, aboutWay, aboutLoad, aboutOutput)
	return cmd
}

func (f *verifyFlags) registerRequest(cmd *cobra.Command) {
	flags := cmd.Flags()
	flags.StringVarP(&f.method, "request", "X", "GET", "`METHOD` of each request")
	flags.StringVar(&f.host, "host", "", "`HOST` header, if it is not the host of the URL")
	flags.StringArrayVarP(&f.headers, "header", "H", nil, "header of each request, '`NAME: VALUE`'; repeatable")
	flags.StringArrayVar(&f.cookies, "cookie", nil, "cookie of each request, `NAME=VALUE`; repeatable")
	flags.StringVar(&f.body, "data", "", "`BODY` of each request")
	flags.StringArrayVar(&f.login, "login", nil, "field of a form that is posted once before the load, `NAME=VALUE`; repeatable")
	flags.StringVar(&f.loginPath, "login-path", "/login", "`PATH` that the form is posted to")
}

func (f *verifyFlags) run(cmd *cobra.Command, std streams, address string) error {
	if f.live.asked() {
		return f.runLive(cmd, std, address)
	}
	for _, name := range []string{"rule", "name", "kubeconfig", "context"} {
		if cmd.Flags().Changed(name) {
			return usagef("--%s is for weights that a cluster has; name them with --virtual-service or --http-route", name)
		}
	}
	check, opened, err := f.check(address)
	if err != nil {
		return err
	}
	if err := checkSettle(f.live.settle); err != nil {
		return usage(err)
	}
	if f.dry {
		return f.dryRun(cmd.Context(), std, check, opened)
	}
	seed := f.load.seed
	options := runner.Options{
		Target:       reports.Target{Kind: target.Gateway, URL: outward.URL(address)},
		Open:         openGateway(opened),
		Draw:         draw.Options{Rate: liveRate, Settle: f.live.settle},
		Seed:         seed,
		Reproduction: &reports.Reproduction{Command: commandLine(cmd), Seed: &seed},
	}
	scenario := &scenarios.Scenario{
		Name: "verify", Unnamed: true,
		Steps: []scenarios.Step{{Name: "live", Checks: []scenarios.Check{check}}},
	}
	return perform(cmd.Context(), std, []*scenarios.Scenario{scenario}, options, &f.output)
}

// check makes a check of the flags; the error holds every mistake in them.
func (f *verifyFlags) check(address string) (check scenarios.Check, opened *gateway.Gateway, err error) {
	var failures []error
	question, err := f.question.question()
	failures = append(failures, err)
	rules, err := f.identify.parse()
	failures = append(failures, err, f.load.check())
	if err == nil && len(rules) == 0 {
		failures = append(failures, errors.New("--identify is missing: say how an answer names its version, such as --identify 'body:(v[12])' or --identify header:X-Version"))
	}
	base, path, err := gateway.Split(address)
	failures = append(failures, err)
	if err == nil {
		opened, err = gateway.New(base)
		failures = append(failures, err)
	}
	way, err := f.way.way(f.output.std)
	failures = append(failures, err)
	headers, err := pairs("header", f.headers, ":")
	failures = append(failures, err)
	cookies, err := pairs("cookie", f.cookies, "=")
	failures = append(failures, err)
	form, err := pairs("login", f.login, "=")
	failures = append(failures, err, f.sendable(headers, cookies))
	if len(form) == 0 && f.load.cmd.Flags().Changed("login-path") {
		failures = append(failures, errors.New("--login-path is where a form is posted; give its fields, such as --login username=tester"))
	}
	if err := errors.Join(failures...); err != nil {
		return check, nil, usage(err)
	}
	check = scenarios.Check{
		Name: "split",
		Request: scenarios.Request{
			Method: f.method, Path: path, Host: f.host,
			Headers: headers, Cookies: cookies, Body: f.body,
		},
		Load: scenarios.Load{
			Requests: f.load.requests, Rate: f.load.rate, RateSet: f.load.cmd.Flags().Changed("rate"),
			Connections: f.load.connections, Reuse: f.load.reuse, Timeout: f.load.timeout,
		},
		Identify: rules, Expect: question.Weights, Margins: question.Margins, Method: question.Method,
		Alpha: question.Alpha, Power: question.Power, Leak: question.Leak, MaxErrors: question.MaxErrors,
	}
	if len(form) > 0 {
		check.Request.Login = &loadgen.Login{Path: f.loginPath, Form: form}
	}
	return check, opened.By(way), nil
}

// sendable reports what HTTP has no room for. A Host header is moved to where it
// is meant: whoever comes from curl writes it so, and Go would not send it.
func (f *verifyFlags) sendable(headers, cookies map[string]string) error {
	var failures []error
	if !httpguts.ValidHeaderFieldName(f.method) {
		failures = append(failures, fmt.Errorf("--request %q is not an HTTP method; write GET, POST, … in capitals", f.method))
	}
	for name, value := range headers {
		switch {
		case strings.EqualFold(name, "Host") && (f.host == "" || f.host == value):
			f.host = value
			delete(headers, name)
		case strings.EqualFold(name, "Host"):
			failures = append(failures, fmt.Errorf("--host %s and --header Host: %s disagree; give one of them", f.host, value))
		case !httpguts.ValidHeaderFieldName(name) || !httpguts.ValidHeaderFieldValue(value):
			failures = append(failures, fmt.Errorf("--header %q cannot be sent; write it as 'NAME: VALUE', in one line", withoutSecret("header", name+": "+value)))
		}
	}
	for name, value := range cookies {
		if !httpguts.ValidHeaderFieldName(name) || strings.ContainsAny(value, "\";\\\r\n") {
			failures = append(failures, fmt.Errorf("--cookie %q cannot be sent; use no blanks, quotes, semicolons or backslashes", withoutSecret("cookie", name+"="+value)))
		}
	}
	if u, err := url.Parse("http://" + f.host + "/"); f.host != "" && (err != nil || u.Host != f.host) {
		failures = append(failures, fmt.Errorf("--host %q is not a host; write a name such as shop.example.com, without http:// and path", f.host))
	}
	return errors.Join(failures...)
}

// pairs reads NAME=VALUE, or NAME: VALUE.
func pairs(flag string, texts []string, separator string) (map[string]string, error) {
	read := map[string]string{}
	for _, text := range texts {
		name, value, found := strings.Cut(text, separator)
		name = strings.TrimSpace(name)
		if !found || name == "" {
			// What has no name may be the secret itself.
			return nil, fmt.Errorf("--%s %q is not NAME%sVALUE", flag, withoutSecret(flag, text), separator)
		}
		for other := range read {
			if strings.EqualFold(other, name) && (flag == "header" || other == name) {
				return nil, fmt.Errorf("--%s gives %s twice; give it once", flag, name)
			}
		}
		read[name] = strings.TrimSpace(value)
	}
	return read, nil
}
