package routing

import (
	"cmp"
	"net/http"
	"strconv"
	"strings"
	"time"

	gatewayv1 "sigs.k8s.io/gateway-api/apis/v1"
)

// apiRule compiles what a rule of an HTTPRoute does
// (istio pilot/pkg/config/kube/gateway/conversion.go, convertHTTPRoute).
//
//differential:httproute/weights httproute/timeouts httproute/dotted-backend sidecar/unknown-backend httproute/refused-no-port
func (c *compiler) apiRule(e apiEntry, b binding) *Rule {
	r := &Rule{Source: e.route.At(e.path), Retries: defaultRetries()}
	var host string
	for i, f := range e.rule.Filters {
		path := at(e.path+".filters", i)
		switch f.Type {
		case gatewayv1.HTTPRouteFilterRequestHeaderModifier:
			r.Headers.Request, host = modifier(f.RequestHeaderModifier)
		case gatewayv1.HTTPRouteFilterResponseHeaderModifier:
			r.Headers.Response, _ = modifier(f.ResponseHeaderModifier)
		case gatewayv1.HTTPRouteFilterRequestRedirect:
			r.Redirect = redirectFilter(f.RequestRedirect, e.match.path, b)
		case gatewayv1.HTTPRouteFilterURLRewrite:
			r.Rewrite = rewriteFilter(f.URLRewrite, e.match.path)
		case gatewayv1.HTTPRouteFilterRequestMirror:
			c.mirrorFilter(r, e, f.RequestMirror, path)
		}
	}
	if r.Redirect != nil {
		r.Retries = Retries{}
		return r
	}
	if host != "" {
		if r.Rewrite == nil {
			r.Rewrite = &Rewrite{}
		}
		if r.Rewrite.Host == "" {
			r.Rewrite.Host = host
		}
	}
	c.apiRetries(r, e)
	c.apiDestinations(r, e)
	if e.rule.SessionPersistence != nil {
		c.warn(e.route.Object, e.path+".sessionPersistence", "Istio does not implement sessionPersistence", "remove it")
	}
	return r
}

func (c *compiler) apiDestinations(r *Rule, e apiEntry) {
	for i, ref := range e.rule.BackendRefs {
		path := at(e.path+".backendRefs", i)
		weight := BackendWeight(ref)
		if weight < 0 {
			c.refuse(e.route.Object, path+".weight", "the weight "+strconv.Itoa(int(weight))+" is negative", "weights are 0 to 1000000")
		}
		if weight <= 0 {
			continue
		}
		d := Destination{Weight: uint32(weight)}
		var reason string
		if d.Cluster, reason = c.backend(e, ref.BackendObjectReference); reason != "" {
			d.Status = http.StatusInternalServerError
			c.warn(e.route.Object, path, reason+": its share is answered with 500", "make the reference resolve, or set its weight to 0")
		}
		for _, f := range ref.Filters {
			var host string
			switch f.Type {
			case gatewayv1.HTTPRouteFilterRequestHeaderModifier:
				d.Headers.Request, host = modifier(f.RequestHeaderModifier)
			case gatewayv1.HTTPRouteFilterResponseHeaderModifier:
				d.Headers.Response, _ = modifier(f.ResponseHeaderModifier)
			}
			if host != "" {
				if d.Headers.Request.Set == nil {
					d.Headers.Request.Set = map[string]string{}
				}
				d.Headers.Request.Set["Host"] = host
			}
		}
		r.Destinations = append(r.Destinations, d)
	}
	if Lone(r.Destinations) {
		r.Destinations[0].Alone = true
	}
	if len(r.Destinations) == 0 {
		c.warn(e.route.Object, e.path, "the rule has no backendRef with a weight: it answers 500", "add a backendRef with a weight above 0")
		r.Direct = &DirectResponse{Status: http.StatusInternalServerError}
		r.Timeout, r.Retries, r.Mirrors = 0, Retries{}, nil
	}
}

// apiRetries compiles timeouts and retries. The timeout of a backend request
// bounds each try where retries are set, and the whole where they are not.
func (c *compiler) apiRetries(r *Rule, e apiEntry) {
	if retry := e.rule.Retry; retry != nil {
		r.Retries = Retries{}
		if attempts := orDefault(retry.Attempts, 2); attempts > 0 {
			r.Retries = defaultRetries()
			r.Retries.Default, r.Retries.Attempts = false, attempts
			for _, code := range retry.Codes {
				r.Retries.Codes = append(r.Retries.Codes, int(code))
			}
			if len(r.Retries.Codes) > 0 {
				r.Retries.On = append(r.Retries.On, retriableStatusCodes)
			}
		}
	}
	if e.rule.Timeouts == nil {
		return
	}
	path := e.path + ".timeouts"
	r.Timeout = c.duration(e, e.rule.Timeouts.Request, path+".request")
	if backend := c.duration(e, e.rule.Timeouts.BackendRequest, path+".backendRequest"); backend > 0 {
		if e.rule.Retry != nil {
			r.Retries.PerTryTimeout = backend
		} else {
			r.Timeout = backend
		}
	}
}

func (c *compiler) duration(e apiEntry, in *gatewayv1.Duration, path string) time.Duration {
	if in == nil {
		return 0
	}
	d, err := time.ParseDuration(string(*in))
	if err != nil || d < 0 {
		c.refuse(e.route.Object, path, quote(string(*in))+" is not a duration", "write one such as 500ms or 10s")
		return 0
	}
	return d
}

func (c *compiler) mirrorFilter(r *Rule, e apiEntry, in *gatewayv1.HTTPRequestMirrorFilter, path string) {
	if in == nil {
		return
	}
	name, reason := c.backend(e, in.BackendRef)
	if reason != "" {
		c.warn(e.route.Object, path+".requestMirror.backendRef", reason+": nothing is mirrored", "make the reference resolve")
		return
	}
	percent := 100.0
	if f := in.Fraction; f != nil {
		percent = 100 * float64(f.Numerator) / float64(orDefault(f.Denominator, 100))
	} else if in.Percent != nil {
		percent = float64(*in.Percent)
	}
	if percent = fraction(percent); percent > 0 {
		r.Mirrors = append(r.Mirrors, Mirror{Cluster: name, Percent: percent})
	}
}

// redirectFilter compiles a redirect, for the listener that it stands on.
//
//differential:httproute/redirects
func redirectFilter(in *gatewayv1.HTTPRequestRedirectFilter, path pathMatch, b binding) *Redirect {
	if in == nil {
		return nil
	}
	rd := &Redirect{
		Code:   orDefault(in.StatusCode, http.StatusFound),
		Scheme: orDefault(in.Scheme, ""),
		Host:   string(orDefault(in.Hostname, "")),
	}
	switch {
	case in.Port != nil:
		rd.Port = int(*in.Port)
	case in.Scheme == nil:
		rd.Port = b.port
	}
	rd.dropDefaultPort(b)
	rd.Path, rd.Prefix, rd.PrefixReplaceBy = pathModifier(in.Path, path)
	if rd.Prefix != "" {
		// Here Istio replaces text by text: slashes at the end stay, and an
		// empty text replaces nothing.
		if rd.PrefixReplaceBy = orDefault(in.Path.ReplacePrefixMatch, ""); rd.PrefixReplaceBy == "" {
			rd.Prefix = ""
		}
	}
	return rd
}

func rewriteFilter(in *gatewayv1.HTTPURLRewriteFilter, path pathMatch) *Rewrite {
	if in == nil {
		return nil
	}
	w := &Rewrite{Host: string(orDefault(in.Hostname, ""))}
	w.Path, w.Prefix, w.PrefixReplaceBy = pathModifier(in.Path, path)
	if *w == (Rewrite{}) {
		return nil
	}
	return w
}

// pathModifier compiles a change of path. The prefix is one of path elements:
// slashes at the end of it and of what replaces it do not count
// (sigs.k8s.io/gateway-api apis/v1, HTTPPathModifier.replacePrefixMatch, table).
// Istio departs from that table in two places: the prefix / is replaced as text,
// so that /x comes out as /basex, and an empty whole path changes nothing.
//
//differential:httproute/rewrites httproute/redirects
func pathModifier(in *gatewayv1.HTTPPathModifier, path pathMatch) (whole, prefix, by string) {
	if in == nil {
		return "", "", ""
	}
	switch in.Type {
	case gatewayv1.FullPathHTTPPathModifier:
		return orDefault(in.ReplaceFullPath, ""), "", ""
	case gatewayv1.PrefixMatchHTTPPathModifier:
		by = strings.TrimSuffix(orDefault(in.ReplacePrefixMatch, ""), "/")
		switch path.kind {
		case pathAny:
			return "", "/", cmp.Or(by, "/")
		case pathElement:
			return "", path.value, by
		}
	}
	return "", "", ""
}

// modifier compiles a header filter, and returns the Host that it sets, if any.
// Of several entries of one name the first counts.
func modifier(in *gatewayv1.HTTPHeaderFilter) (HeaderOps, string) {
	if in == nil {
		return HeaderOps{}, ""
	}
	list := func(headers []gatewayv1.HTTPHeader) map[string]string {
		out := map[string]string{}
		for _, h := range headers {
			name := strings.ToLower(string(h.Name))
			if _, known := out[name]; !known {
				out[name] = h.Value
			}
		}
		return out
	}
	return headerOps(list(in.Set), list(in.Add), in.Remove)
}
