package main

import (
	"errors"
	"net/url"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/clientcmd/api"

	"github.com/splitcheck/splitcheck/internal/outward"
)

// kubeConfig reads the kubeconfig, as kubectl does, and returns the name of the
// context as well. Its credentials are secrets from then on. otherwise is what else can
// be done where there is none.
func kubeConfig(secrets *outward.Secrets, file, context, otherwise string) (*rest.Config, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = file
	loaded := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: context})
	raw, err := loaded.RawConfig()
	if err != nil {
		return nil, "", usage(err)
	}
	enterKubeconfig(secrets, raw)
	config, err := loaded.ClientConfig()
	if err != nil {
		if clientcmd.IsEmptyConfig(err) {
			err = errors.New("no kubeconfig names a cluster; give --kubeconfig FILE or set KUBECONFIG" + otherwise)
		}
		return nil, "", usage(err)
	}
	// client-go repeats a server that it cannot read, user and password included.
	server, err := url.Parse(config.Host)
	switch {
	case err != nil:
		return nil, "", usagef("the server %q in the kubeconfig cannot be read: %s", outward.URL(config.Host), outward.Unreadable(err))
	case server.Scheme != "" && server.Host == "" && server.Opaque == "":
		return nil, "", usagef("the server %q in the kubeconfig names no host", outward.URL(config.Host))
	}
	if context == "" {
		context = raw.CurrentContext
	}
	return config, context, nil
}

// enterKubeconfig enters what each of the users proves himself by.
func enterKubeconfig(secrets *outward.Secrets, raw api.Config) {
	for _, user := range raw.AuthInfos {
		for _, each := range []string{user.Token, user.Password, string(user.ClientKeyData)} {
			secrets.Value(each)
		}
		if user.AuthProvider != nil {
			for name, value := range user.AuthProvider.Config {
				secrets.Header(name, value)
			}
		}
		if user.Exec != nil {
			for _, each := range user.Exec.Env {
				secrets.Header(each.Name, each.Value)
			}
		}
	}
	for _, cluster := range raw.Clusters {
		secrets.URL(cluster.Server)
		secrets.URL(cluster.ProxyURL)
	}
}
