package routing

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/splitcheck/splitcheck/internal/manifests"
)

// rule compiles what an entry does with the requests that matched path
// (istio pilot/pkg/networking/core/route/route.go, translateRoute).
//
//differential:virtualservice/prefix-is-text virtualservice/ports
func (c *compiler) rule(e entry, path pathMatch, b binding) *Rule {
	in := e.http
	r := &Rule{Source: e.object.At(e.path)}
	var host string
	r.Headers, host = headerChanges(in.GetHeaders())
	switch {
	case in.GetRedirect() != nil:
		c.redirect(r, e, path, b)
	case in.GetDirectResponse() != nil:
		r.Direct = directResponse(in.GetDirectResponse())
	default:
		r.Rewrite = c.rewrite(e, path)
		c.forward(r, e, b, host)
	}
	// The definition of HTTPRoute.fault says that faults disable time-outs and
	// retries. They do not: both hold for every request that is forwarded.
	c.faults(r, e)
	return r
}

// forward compiles the destinations of an entry and what goes with them.
//
//differential:virtualservice/plain virtualservice/zero-sum
func (c *compiler) forward(r *Rule, e entry, b binding, host string) {
	in := e.http
	r.Timeout = in.GetTimeout().AsDuration()
	r.Retries = retries(in.GetRetries())
	r.Mirrors = c.mirrors(e, b)

	single := Lone(in.GetRoute())
	for i, d := range in.GetRoute() {
		path := at(e.path+".route", i)
		if !Sent(in.GetRoute(), i) {
			continue
		}
		weight := uint32(1)
		if !single {
			weight = uint32(d.GetWeight())
		}
		changes, own := headerChanges(d.GetHeaders())
		if own != "" {
			if single && host == "" {
				host = own
			} else if !single {
				if changes.Request.Set == nil {
					changes.Request.Set = map[string]string{}
				}
				changes.Request.Set["Host"] = own
			}
		}
		r.Destinations = append(r.Destinations, Destination{
			Cluster: c.cluster(d.GetDestination(), e, path+".destination", b),
			Weight:  weight,
			Headers: changes,
			Alone:   single,
		})
	}
	if len(r.Destinations) == 0 {
		// Validation refuses such a rule, and Envoy would too. If neither was
		// asked, nothing is forwarded.
		r.Direct = &DirectResponse{Status: http.StatusInternalServerError}
		return
	}
	if host != "" {
		if r.Rewrite == nil {
			r.Rewrite = &Rewrite{}
		}
		if r.Rewrite.Host == "" {
			r.Rewrite.Host = host
		}
	}
}

// cluster names the cluster of a destination, and warns of one that is not
// there. Without a port a gateway takes the service's only one, else the
// listener's. A sidecar always takes the listener's: istiod looks there among the
// services that have a port of that number, as if they had no other
// (istio pilot/pkg/networking/core/httproute.go, BuildSidecarOutboundVirtualHosts).
//
//differential:virtualservice/ports sidecar/destination-ports
func (c *compiler) cluster(d *networking.Destination, e entry, path string, b binding) ClusterName {
	name := ClusterName{Host: FullHost(d.GetHost(), e.namespace), Subset: d.GetSubset(), Port: b.port}
	s := c.serviceOf[name.Host]
	if port := d.GetPort(); port != nil {
		name.Port = int(port.GetNumber())
	} else if c.proxy.Gateway && s != nil && len(s.ports) == 1 {
		name.Port = s.ports[0].number
	}
	if c.table.clusters[name] != nil {
		return name
	}
	switch {
	case s == nil:
		c.warn(e.object, path+".host", fmt.Sprintf("host %s names no Service: what is sent there is answered with 503", quote(d.GetHost())), deploy(name.Host))
	case name.Subset != "" && c.table.clusters[ClusterName{Host: name.Host, Port: name.Port}] != nil:
		c.warn(e.object, path+".subset", fmt.Sprintf("no DestinationRule defines subset %s of %s: what is sent there is answered with 503", quote(name.Subset), name.Host),
			"define the subset before the rule that uses it is applied")
	default:
		c.warn(e.object, path+".port", fmt.Sprintf("%s has no port %d: what is sent there is answered with 503", s.object, name.Port),
			"name a port of the Service")
	}
	return name
}

// mirrors compiles mirror and mirrors. Without a percentage everything is
// mirrored, with 0 nothing.
func (c *compiler) mirrors(e entry, b binding) []Mirror {
	var mirrors []Mirror
	add := func(d *networking.Destination, percent float64, path string) {
		if percent > 0 {
			mirrors = append(mirrors, Mirror{Cluster: c.cluster(d, e, path, b), Percent: percent})
		}
	}
	in := e.http
	if in.GetMirror() != nil {
		add(in.GetMirror(), mirrorPercent(in), e.path+".mirror")
	}
	for i, m := range in.GetMirrors() {
		percent := 100.0
		if p := m.GetPercentage(); p != nil {
			percent = fraction(p.GetValue())
		}
		if m.GetDestination() != nil {
			add(m.GetDestination(), percent, at(e.path+".mirrors", i, "destination"))
		}
	}
	return mirrors
}

// faults compiles the injected faults. Without a percentage there are none.
func (c *compiler) faults(r *Rule, e entry) {
	if d := e.http.GetFault().GetDelay(); d != nil {
		percent := delayPercent(d)
		switch d.GetHttpDelayType().(type) {
		case *networking.HTTPFaultInjection_Delay_FixedDelay:
			if percent > 0 {
				r.Delay = &Delay{Percent: percent, Duration: d.GetFixedDelay().AsDuration()}
			}
		default:
			c.warn(e.object, e.path+".fault.delay", "only a fixedDelay is injected", "write fixedDelay, such as 2s")
		}
	}
	if a := e.http.GetFault().GetAbort(); a != nil {
		percent := fraction(a.GetPercentage().GetValue())
		switch a.GetErrorType().(type) {
		case *networking.HTTPFaultInjection_Abort_HttpStatus:
			if percent > 0 {
				r.Abort = &Abort{Percent: percent, Status: int(a.GetHttpStatus())}
			}
		default:
			c.warn(e.object, e.path+".fault.abort", "only an abort with httpStatus is interpreted", "write httpStatus, such as 500")
		}
	}
}

// fraction is a percentage as Envoy gets it: in millionths, the rest cut off
// (istio pilot/pkg/networking/core/route/route.go, translatePercentToFractionalPercent).
//
//differential:elsewhere scenario bookinfo-faults
func fraction(percent float64) float64 {
	if !(percent > 0) { // NaN too.
		return 0
	}
	if percent > 100 {
		return 100
	}
	return float64(uint32(percent*10000)) / 10000
}

func (c *compiler) rewrite(e entry, path pathMatch) *Rewrite {
	in := e.http.GetRewrite()
	if in == nil {
		return nil
	}
	w := &Rewrite{Host: in.GetAuthority()}
	if re := in.GetUriRegexRewrite(); re != nil {
		compiled, err := regexp.Compile(re.GetMatch())
		if err == nil && len(re.GetMatch()) > maxRegex {
			err = errLongRegex
		}
		if err != nil {
			c.refuse(e.object, e.path+".rewrite.uriRegexRewrite.match",
				fmt.Sprintf("%s is not a regular expression: %v", quote(re.GetMatch()), err), "write it in RE2's syntax")
		} else {
			w.Regex, w.RegexReplaceBy = compiled, goReplacement(re.GetRewrite())
		}
	} else if in.GetUri() != "" {
		w.Prefix, w.PrefixReplaceBy, w.Path = prefixOrPath(path, in.GetUri())
	}
	if *w == (Rewrite{}) {
		return nil
	}
	return w
}

// prefixOrPath is what Envoy's prefix_rewrite replaces: the prefix that matched,
// or the whole path where the match was not of a prefix.
//
//differential:virtualservice/rewrites virtualservice/redirects
func prefixOrPath(path pathMatch, uri string) (prefix, by, whole string) {
	switch path.kind {
	case pathAny:
		return "/", uri, ""
	case pathPrefix, pathElement:
		return path.value, uri, ""
	}
	return "", "", uri
}

// goReplacement turns RE2's replacement syntax, \1, into Go's, ${1}.
func goReplacement(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '$':
			b.WriteString("$$")
		case s[i] == '\\' && i+1 < len(s):
			i++
			if s[i] >= '0' && s[i] <= '9' {
				b.WriteString("${" + s[i:i+1] + "}")
			} else {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

func directResponse(in *networking.HTTPDirectResponse) *DirectResponse {
	d := &DirectResponse{Status: int(in.GetStatus())}
	switch body := in.GetBody().GetSpecifier().(type) {
	case *networking.HTTPBody_String_:
		d.Body = body.String_
	case *networking.HTTPBody_Bytes:
		d.Body = string(body.Bytes)
	}
	return d
}

// redirect compiles a redirect
// (istio pilot/pkg/networking/core/route/route.go, ApplyRedirect).
//
//differential:virtualservice/redirects
func (c *compiler) redirect(r *Rule, e entry, path pathMatch, b binding) {
	in := e.http.GetRedirect()
	rd := &Redirect{Code: http.StatusMovedPermanently, Scheme: in.GetScheme(), Host: in.GetAuthority(), Path: in.GetUri()}
	if in.GetPrefixRewrite() != "" && rd.Path == "" {
		rd.Prefix, rd.PrefixReplaceBy, rd.Path = prefixOrPath(path, in.GetPrefixRewrite())
	}
	switch port := in.GetRedirectPort().(type) {
	case *networking.HTTPRedirect_Port:
		rd.Port = int(port.Port)
	case *networking.HTTPRedirect_DerivePort:
		if port.DerivePort == networking.HTTPRedirect_FROM_REQUEST_PORT {
			rd.Port = b.port
		}
	}
	rd.dropDefaultPort(b)
	if code := int(in.GetRedirectCode()); code != 0 {
		rd.Code = code
	}
	if !redirectCodes[rd.Code] {
		c.refuse(e.object, e.path+".redirect.redirectCode", fmt.Sprintf("Istio cannot redirect with %d", rd.Code), "use 301, 302, 303, 307 or 308")
		r.Direct = &DirectResponse{Status: http.StatusInternalServerError}
		return
	}
	r.Redirect = rd
}

var redirectCodes = map[int]bool{301: true, 302: true, 303: true, 307: true, 308: true}

// dropDefaultPort leaves out a port that the scheme implies: the redirect's, else
// https where the server has settings for TLS, even if they only send plain HTTP
// away (istio pilot/pkg/networking/core/gateway.go, IsTLS).
//
//differential:virtualservice/redirects
func (rd *Redirect) dropDefaultPort(b binding) {
	implied := 80
	if rd.Scheme == "https" || rd.Scheme == "" && b.tls {
		implied = 443
	}
	if rd.Port == implied {
		rd.Port = 0
	}
}

// headerChanges compiles changes of headers, and returns the Host that they set
// for the request, if any.
func headerChanges(in *networking.Headers) (changes HeaderChanges, host string) {
	changes.Request, host = headerOps(in.GetRequest().GetSet(), in.GetRequest().GetAdd(), in.GetRequest().GetRemove())
	changes.Response, _ = headerOps(in.GetResponse().GetSet(), in.GetResponse().GetAdd(), in.GetResponse().GetRemove())
	return changes, host
}

// headerOps leaves out the headers that Envoy keeps for itself; of these only
// the authority can be set, and set goes before add
// (istio pilot/pkg/networking/core/route/route.go, TranslateHeadersOperations).
//
//differential:virtualservice/headers httproute/headers
func headerOps(set, add map[string]string, remove []string) (ops HeaderOps, host string) {
	take := func(in map[string]string) map[string]string {
		var out map[string]string
		for _, name := range sortedKeys(in) {
			if isAuthority(name) {
				if host == "" {
					host = in[name]
				}
				continue
			}
			if strings.HasPrefix(name, ":") {
				continue
			}
			if out == nil {
				out = map[string]string{}
			}
			out[canonical(name)] = in[name]
		}
		return out
	}
	ops.Set, ops.Add = take(set), take(add)
	for _, name := range remove {
		if !isAuthority(name) && !strings.HasPrefix(name, ":") {
			ops.Remove = append(ops.Remove, canonical(name))
		}
	}
	return ops, host
}

func isAuthority(header string) bool {
	return strings.EqualFold(header, "host") || strings.EqualFold(header, ":authority")
}

func (c *compiler) uninterpreted(o manifests.Object, path, what string) {
	c.warn(o, path, what+" is not interpreted: the simulated mesh ignores it", "run the scenario on a cluster to see its effect")
}
