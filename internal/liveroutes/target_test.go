package liveroutes

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/splitcheck/splitcheck/internal/envoy"
	"github.com/splitcheck/splitcheck/internal/target"
	"github.com/splitcheck/splitcheck/reports/words"
)

// carried is the shop's split as a proxy has it, with the weight of v1.
func carried(v1 float64) envoy.Routes {
	return envoy.Routes{{
		VirtualHost: "shop.example:80", Domains: []string{"shop.example"},
		Object: Question{Kind: "VirtualService", Namespace: "shop", Name: "cart"}.key(), Rule: -1,
		Arms: []envoy.Arm{
			{Cluster: "outbound|80|v1|cart.shop.svc.cluster.local", Weight: v1},
			{Cluster: "outbound|80|v2|cart.shop.svc.cluster.local", Weight: 100 - v1},
		},
	}}
}

// settle waits for the shop's split, which the sidecar has as well, and also returns
// the time that it took.
func settle(t *testing.T, e *envoys, url string) (live target.Convergence, took time.Duration, err error) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := shopCluster(t, strings.Replace(shop, "gateways: [edge]\n  http:\n  - match", "gateways: [edge, mesh]\n  http:\n  - match", 1))
		c.proxies = e
		q := Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Rule: "split", Request: ask(t, url)}
		w, read := c.Read(t.Context(), q)
		require.NoError(t, read)
		began := time.Now()
		live, err = c.Over(nil, q, w).Change(t.Context(), target.Change{Timeout: 30 * time.Second})
		took = time.Since(began)
	})
	return live, took, err
}

const atTheGateway, inTheMesh = "http://shop.example/cart", "http://nobody.example/"

func TestProxiesThatAreUpToDate(t *testing.T) {
	live, took, err := settle(t, &envoys{routes: carried(90)}, atTheGateway)
	require.NoError(t, err)
	assert.True(t, live.Converged)
	assert.Empty(t, live.Warnings)
	assert.Zero(t, took)
	assert.Len(t, live.Proxies, 2)
}

// A proxy without the rule, or with other weights, is waited for, and named.
func TestProxiesThatAreNotUpToDate(t *testing.T) {
	for want, routes := range map[string]envoy.Routes{"it has no such route": nil, "it has v1 50 %, v2 50 %": carried(50)} {
		live, took, err := settle(t, &envoys{routes: routes}, atTheGateway)
		require.NoError(t, err)
		assert.False(t, live.Converged)
		assert.Contains(t, words.English(live.Detail), "gateway-1.istio-system: "+want)
		assert.Equal(t, 30*time.Second, took)
	}
}

var errSilent = errors.New("proxy x did not answer")

// In a large mesh some sidecar never answers. It has no part in what enters by a
// gateway, and keeps nobody waiting.
func TestASilentSidecarThatDecidesNothing(t *testing.T) {
	e := &envoys{routes: carried(90), failure: map[string]error{"frontend-1": errSilent}}
	live, took, err := settle(t, e, atTheGateway)
	require.NoError(t, err)
	assert.True(t, live.Converged)
	assert.Zero(t, took)
	require.Len(t, live.Warnings, 1)
	assert.Contains(t, words.English(live.Warnings[0]), "1 of 2 proxies that should carry VirtualService shop/cart, http[3] did not say whether they do; they are sidecars, and the requests enter by a gateway: proxy x did not answer")
	assert.Len(t, live.Proxies, 1)
}

// Without a proxy that decides nothing is verified: not without the gateway, and
// not without the sidecar of what may be the caller.
func TestASilentProxyThatDecides(t *testing.T) {
	for proxy, url := range map[string]string{"gateway-1": atTheGateway, "frontend-1": inTheMesh} {
		live, took, err := settle(t, &envoys{routes: carried(90), failure: map[string]error{proxy: errSilent}}, url)
		require.NoError(t, err, proxy)
		assert.False(t, live.Converged, proxy)
		assert.Equal(t, 30*time.Second, took, proxy)
		assert.Contains(t, words.English(live.Detail), "2 were asked, and 1 answered:\nproxy x did not answer", proxy)
		assert.Len(t, live.Proxies, 1, "%s: what the other said is kept", proxy)
	}
	_, _, err := settle(t, &envoys{failure: map[string]error{"gateway-1": errSilent, "frontend-1": errSilent}}, atTheGateway)
	assert.ErrorContains(t, err, "none of the 2 proxies that should carry VirtualService shop/cart, http[3] answered: proxy x did not answer")
}

// A Sidecar object keeps routes from sidecars: that is no other split. A gateway
// without the rule is one, and so is a mesh in which nobody has it.
func TestASidecarWithoutTheRule(t *testing.T) {
	live, took, err := settle(t, &envoys{routes: carried(90), none: map[string]bool{"frontend-1": true}}, atTheGateway)
	require.NoError(t, err)
	assert.True(t, live.Converged)
	assert.Zero(t, took)
	require.Len(t, live.Warnings, 1)
	assert.Contains(t, words.English(live.Warnings[0]), "sidecars without any route of VirtualService shop/cart, http[3], whose requests it does not split (a Sidecar object may keep it from them): frontend-1.shop")

	live, _, err = settle(t, &envoys{routes: carried(90), none: map[string]bool{"gateway-1": true}}, atTheGateway)
	require.NoError(t, err)
	assert.False(t, live.Converged)
	assert.Contains(t, words.English(live.Detail), "gateway-1.istio-system: it has no such route")

	live, _, err = settle(t, &envoys{none: map[string]bool{"frontend-1": true, "gateway-1": true}}, inTheMesh)
	require.NoError(t, err)
	assert.False(t, live.Converged)
}

// A sidecar that loses the rule while counting is no sidecar without it.
func TestASidecarThatLosesTheRule(t *testing.T) {
	c := shopCluster(t, strings.Replace(shop, "gateways: [edge]\n  http:\n  - match", "gateways: [mesh]\n  http:\n  - match", 1))
	e := &envoys{routes: carried(90), none: map[string]bool{}}
	c.proxies = e
	q := Question{Kind: "VirtualService", Namespace: "shop", Name: "cart", Rule: "split", Request: ask(t, inTheMesh)}
	w, err := c.Read(t.Context(), q)
	require.NoError(t, err)
	over := c.Over(nil, q, w)
	_, err = over.Change(t.Context(), target.Change{Timeout: time.Minute})
	require.NoError(t, err)
	e.none["frontend-1"] = true
	after, err := over.Observe(t.Context())
	require.NoError(t, err)
	require.Len(t, after.Routes, 1)
	assert.Zero(t, after.Routes[0].Arms[0].Programmed)
}
