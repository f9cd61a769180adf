package kube

import (
	"context"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"k8s.io/client-go/rest"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// A plugin that fetches credentials and does not end is not waited for.
func TestAPluginThatHangs(t *testing.T) {
	dir := t.TempDir()
	started, ended := filepath.Join(dir, "started"), filepath.Join(dir, "ended")
	for _, pipe := range []string{started, ended} {
		require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	}
	client, err := New(&rest.Config{Host: "http://127.0.0.1:1", ExecProvider: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
		Command: "sh", Args: []string{"-c", "echo >" + started + "; read x <" + ended},
	}})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	failed := make(chan error, 1)
	go func() {
		_, err := client.Version(ctx)
		failed <- err
	}()
	running := make(chan error, 1)
	go func() {
		// Read to its end, so that the plugin does not write to a pipe without a reader.
		_, err := os.ReadFile(started)
		running <- err
	}()
	select {
	case err := <-running:
		require.NoError(t, err)
	case err := <-failed:
		require.NoError(t, err, "the plugin was not run")
	}
	cancel()
	err = <-failed
	assert.ErrorIs(t, err, context.Canceled)
	assert.ErrorContains(t, err, "the plugin sh run for credentials")
	end, err := os.OpenFile(ended, os.O_RDWR, 0)
	require.NoError(t, err)
	_, err = end.WriteString("end\n")
	assert.NoError(t, err)
	assert.NoError(t, end.Close())
}
