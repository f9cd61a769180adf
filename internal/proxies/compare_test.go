package proxies_test

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	networking "istio.io/api/networking/v1alpha3"
	networkingv1 "istio.io/client-go/pkg/apis/networking/v1"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/manifests"
	"github.com/splitcheck/splitcheck/internal/proxies"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

// A recording is one file of testdata; see the README there.
type recording struct {
	objects []manifests.Object
	proxy   proxies.Proxy
	routes  envoy.Routes
}

func record(t *testing.T, name string) recording {
	t.Helper()
	archive, err := txtar.ParseFile("testdata/" + name + ".txtar")
	require.NoError(t, err)
	var r recording
	for _, f := range archive.Files {
		switch f.Name {
		case "manifests":
			var found error
			r.objects, found = decode(f.Data)
			require.NoError(t, found)
		case "proxy.json":
			require.NoError(t, json.Unmarshal(f.Data, &r.proxy))
		case "dump.json":
			r.routes, err = envoy.ParseRoutes(f.Data)
			require.NoError(t, err)
		}
	}
	require.NotEmpty(t, r.objects)
	require.NotEmpty(t, r.routes)
	return r
}

func decode(text []byte) ([]manifests.Object, error) {
	objects, list := manifests.Decode("recorded.yaml", text)
	return objects, list.Err()
}

func recordings(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	require.NoError(t, err)
	var names []string
	for _, f := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(f), ".txtar"))
	}
	require.NotEmpty(t, names)
	return names
}

// TestCarried holds every recording against the objects that it was made with:
// all proxies had taken them.
func TestCarried(t *testing.T) {
	for _, name := range recordings(t) {
		t.Run(name, func(t *testing.T) {
			r := record(t, name)
			assert.Nil(t, proxies.Compare(r.objects, r.proxy, r.routes))
		})
	}
}

// TestStale gives each step of a scenario the routes of every other one: a proxy
// that has not taken a step must never pass for one that has.
func TestStale(t *testing.T) {
	steps := map[string][]string{}
	for _, name := range recordings(t) {
		if parts := strings.Split(name, ","); len(parts) == 3 {
			steps[parts[0]+","+parts[2]] = append(steps[parts[0]+","+parts[2]], name)
		}
	}
	pairs := 0
	for _, scenario := range slices.Sorted(maps.Keys(steps)) {
		for _, now := range steps[scenario] {
			for _, then := range steps[scenario] {
				if now == then {
					continue
				}
				pairs++
				a, b := record(t, now), record(t, then)
				assert.NotEmpty(t, proxies.Compare(a.objects, a.proxy, b.routes), "%s with the routes of %s", now, then)
			}
		}
	}
	// Three steps of bookinfo-canary, five of gamma-shift, two of bookinfo-faults.
	assert.Equal(t, 3*2+5*4+2, pairs)
}

// TestNothingYet takes all routes away, and one virtual host after another.
func TestNothingYet(t *testing.T) {
	for _, name := range recordings(t) {
		r := record(t, name)
		found := proxies.Compare(r.objects, r.proxy, nil)
		require.NotEmpty(t, found, name)
		for _, d := range found {
			assert.Equal(t, "no route of "+d.Object.String(), d.Programmed, name)
			assert.NotEmpty(t, d.Source, name)
			assert.NotZero(t, d.Line, name)
		}
	}
}

// changed applies change to the routes of the object of kind and name.
func changed(routes envoy.Routes, name string, change func(*envoy.Route)) envoy.Routes {
	out := slices.Clone(routes)
	for i := range out {
		if out[i].Object.Name == name {
			out[i].Arms = slices.Clone(out[i].Arms)
			change(&out[i])
		}
	}
	return out
}

// TestWords pins what is said of a proxy that departs in one thing.
func TestWords(t *testing.T) {
	canary := record(t, "bookinfo-canary,90-10,productpage-v1")
	old := record(t, "bookinfo-canary,all-v1,productpage-v1")
	faults := record(t, "bookinfo-faults,reviews-abort,productpage-v1")
	mirror := record(t, "bookinfo-mirror,mirror-20,productpage-v1")
	split := record(t, "gamma-shift,80-20,frontend")
	for name, test := range map[string]struct {
		recording
		routes envoy.Routes
		want   string
	}{
		"former weights": {canary, old.routes,
			"VirtualService default/reviews, http[0] (recorded.yaml:29): configured is v1 90, v2 10, the proxy has v1"},
		"missing": {canary, changed(canary.routes, "reviews", func(r *envoy.Route) { r.VirtualHost = "" }),
			"VirtualService default/reviews, http[0] (recorded.yaml:29): configured is v1 90, v2 10, the proxy has no route of VirtualService default/reviews"},
		"weights": {split, changed(split.routes, "split", func(r *envoy.Route) { r.Arms[0].Weight = 81 }),
			"HTTPRoute gamma/split, rules[0] (recorded.yaml:15): configured is backend-v1 80, backend-v2 20, the proxy has backend-v1 81, backend-v2 20"},
		"another match": {split, changed(split.routes, "split", func(r *envoy.Route) { r.Match = envoy.Match{Path: "under", Value: "/api"} }),
			"HTTPRoute gamma/split, rules[0] (recorded.yaml:15): configured is backend-v1 80, backend-v2 20, the proxy has no route for any request"},
		"abort": {faults, changed(faults.routes, "reviews", func(r *envoy.Route) { r.Abort = 0 }),
			"configured is 10 % aborted, the proxy has 0 % aborted"},
		"mirror": {mirror, changed(mirror.routes, "reviews", func(r *envoy.Route) { r.Mirrors = nil }),
			"configured is 20 % mirrored to reviews.default:9080 v3, the proxy has no mirror"},
		"time-out": {canary, changed(canary.routes, "reviews", func(r *envoy.Route) { r.Settings.Timeout = 5e9 }),
			"configured is time-out 0s, the proxy has time-out 5s"},
	} {
		t.Run(name, func(t *testing.T) {
			found := proxies.Compare(test.objects, test.proxy, test.routes)
			require.NotEmpty(t, found)
			var said []string
			for _, d := range found {
				said = append(said, words.English(d.Finding()))
			}
			assert.Contains(t, strings.Join(said, "\n"), test.want)
		})
	}
}

// TestRetriesOfTheMesh leaves alone what no object sets, which is the mesh's own
// affair (meshConfig.defaultHttpRetryPolicy), and not what one does.
func TestRetriesOfTheMesh(t *testing.T) {
	r := record(t, "bookinfo-canary,90-10,productpage-v1")
	none := changed(r.routes, "reviews", func(r *envoy.Route) { r.Settings.Retries = 0 })
	assert.Nil(t, proxies.Compare(r.objects, r.proxy, none))
	for _, o := range r.objects {
		if vs, ok := o.Value.(*networkingv1.VirtualService); ok && vs.Name == "reviews" {
			vs.Spec.Http[0].Retries = &networking.HTTPRetry{Attempts: 3}
		}
	}
	found := proxies.Compare(r.objects, r.proxy, none)
	require.Len(t, found, 1)
	assert.Contains(t, words.English(found[0].Finding()), "configured is retries 3, the proxy has retries 0")
}

// TestWithheld marks what a Sidecar object may keep from a sidecar: an object none
// of whose routes are there. Old weights are never that, and neither is a sidecar
// of another namespace.
func TestWithheld(t *testing.T) {
	r, old := record(t, "bookinfo-canary,90-10,productpage-v1"), record(t, "bookinfo-canary,all-v1,productpage-v1")
	with := func(namespace string) []manifests.Object {
		more, err := decode([]byte("apiVersion: networking.istio.io/v1\nkind: Sidecar\nmetadata: {name: s, namespace: " + namespace + "}\nspec: {egress: [{hosts: [./*]}]}\n"))
		require.NoError(t, err)
		return append(slices.Clone(r.objects), more...)
	}
	for namespace, want := range map[string]bool{"default": true, "istio-system": true, "elsewhere": false} {
		for _, d := range proxies.Compare(with(namespace), r.proxy, nil) {
			assert.Equal(t, want, d.Withheld, namespace)
		}
	}
	found := proxies.Compare(with("default"), r.proxy, old.routes)
	require.NotEmpty(t, found)
	for _, d := range found {
		assert.False(t, d.Withheld, d)
	}
	assert.Nil(t, proxies.Compare(with("default"), r.proxy, r.routes))
}

// TestLeftOver finds a route that its object no longer asks for, leaves alone
// what is not ours, and minds the order.
func TestLeftOver(t *testing.T) {
	r := record(t, "header-canary,by-header,istio-ingressgateway")
	ours := slices.IndexFunc(r.routes, func(o envoy.Route) bool { return o.Object.Kind == "VirtualService" })
	require.GreaterOrEqual(t, ours, 0)
	require.Greater(t, len(r.routes), ours+1)

	stranger := r.routes[ours]
	stranger.Object.Name = "of-somebody-else"
	assert.Nil(t, proxies.Compare(r.objects, r.proxy, append(envoy.Routes{stranger}, r.routes...)))

	old := r.routes[ours]
	old.Match = envoy.Match{Path: "prefix", Value: "/old"}
	found := proxies.Compare(r.objects, r.proxy, append(envoy.Routes{old}, r.routes...))
	require.Len(t, found, 1)
	assert.Equal(t, "no such route", found[0].Configured)
	assert.Contains(t, found[0].Programmed, `a route for path prefix "/old" to `)

	swapped := slices.Clone(r.routes)
	slices.Reverse(swapped)
	found = proxies.Compare(r.objects, r.proxy, swapped)
	require.Len(t, found, 1)
	assert.Contains(t, found[0].Configured, "another order")
}

// TestRefused says beside what is missing what the proxy refused.
func TestRefused(t *testing.T) {
	r := record(t, "version-test-90-10,90-10,istio-ingressgateway")
	refused := envoy.Route{Config: "http.8080", Rejected: "no such luck"}
	assert.Nil(t, proxies.Compare(r.objects, r.proxy, append(slices.Clone(r.routes), refused)),
		"what it has is right, whatever else it was offered")
	found := proxies.Compare(r.objects, r.proxy, envoy.Routes{refused})
	require.Len(t, found, 1)
	assert.Contains(t, words.English(found[0].Finding()), "it refused an update: http.8080: no such luck")
}

func TestObserve(t *testing.T) {
	r, old := record(t, "bookinfo-canary,90-10,productpage-v1"), record(t, "bookinfo-canary,all-v1,productpage-v1")
	of := func(routes []target.Route) target.Route {
		i := slices.IndexFunc(routes, func(r target.Route) bool { return r.Source.String() == "VirtualService default/reviews, http[0]" })
		require.GreaterOrEqual(t, i, 0)
		return routes[i]
	}
	now := of(proxies.Observe(r.objects, r.proxy, r.routes))
	assert.Equal(t, "productpage-v1", now.Workload)
	assert.Equal(t, r.proxy.String(), now.Proxy)
	assert.False(t, now.Updated.IsZero())
	assert.Equal(t, []target.Arm{
		{Cluster: "outbound|9080|v1|reviews.default.svc.cluster.local", Configured: 90, Programmed: 90},
		{Cluster: "outbound|9080|v2|reviews.default.svc.cluster.local", Configured: 10, Programmed: 10},
	}, now.Arms)
	assert.Equal(t, []target.Arm{
		{Cluster: "outbound|9080|v1|reviews.default.svc.cluster.local", Configured: 90, Programmed: 100},
		{Cluster: "outbound|9080|v2|reviews.default.svc.cluster.local", Configured: 10},
	}, of(proxies.Observe(r.objects, r.proxy, old.routes)).Arms)
	assert.Equal(t, []target.Arm{
		{Cluster: "outbound|9080|v1|reviews.default.svc.cluster.local", Configured: 90},
		{Cluster: "outbound|9080|v2|reviews.default.svc.cluster.local", Configured: 10},
	}, of(proxies.Observe(r.objects, r.proxy, nil)).Arms)
}

func TestMentions(t *testing.T) {
	r := record(t, "gamma-shift,80-20,frontend")
	split := manifests.Key{Group: manifests.GatewayGroup, Kind: "HTTPRoute", Namespace: "gamma", Name: "split"}
	other := manifests.Key{Group: manifests.GatewayGroup, Kind: "HTTPRoute", Namespace: "gamma", Name: "other"}
	assert.Equal(t, []manifests.Key{split}, proxies.Mentions(r.routes, []manifests.Key{other, split}))
	assert.Empty(t, proxies.Mentions(r.routes, nil))
	unnamed := envoy.Routes{{Object: manifests.Key{Group: manifests.GatewayGroup, Kind: "HTTPRoute", Namespace: "gamma"}, Name: "mine"}}
	assert.Equal(t, []manifests.Key{other}, proxies.Mentions(unnamed, []manifests.Key{other}))
}

func TestDestinations(t *testing.T) {
	r := record(t, "bookinfo-canary,90-10,productpage-v1")
	found := proxies.Destinations(r.objects, r.proxy)
	i := slices.IndexFunc(found, func(d proxies.Destination) bool {
		return d.Cluster == "outbound|9080|v2|reviews.default.svc.cluster.local"
	})
	require.GreaterOrEqual(t, i, 0)
	assert.Equal(t, proxies.Destination{
		Cluster:   "outbound|9080|v2|reviews.default.svc.cluster.local",
		Namespace: "default", Service: "reviews", Port: 9080, TargetPort: "9080",
		Selector: map[string]string{"app": "reviews", "version": "v2"},
	}, found[i])
}

func TestEndpoints(t *testing.T) {
	const name = "outbound|80|v1|a.default.svc.cluster.local"
	clusters := envoy.Clusters{{Name: name, Endpoints: []envoy.Endpoint{
		{Address: "10.0.0.1", Port: 80, Healthy: true},
		{Address: "10.0.0.2", Port: 80, Healthy: true},
		{Address: "10.0.0.3", Port: 80},
	}}}
	want := map[string][]string{name: {"10.0.0.1:80", "10.0.0.3:80"}, "outbound|81||gone": {"10.0.0.9:81"}}
	assert.Equal(t, []proxies.Endpoint{{Address: "10.0.0.3:80", Cluster: name}, {Address: "10.0.0.9:81", Cluster: "outbound|81||gone"}}, proxies.MissingEndpoints(clusters, want))
	assert.Equal(t, []proxies.Endpoint{{Address: "10.0.0.2:80", Cluster: name}}, proxies.StaleEndpoints(clusters, want))
	assert.Empty(t, proxies.MissingEndpoints(clusters, nil))
}
