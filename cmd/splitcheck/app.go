package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/splitcheck/splitcheck/internal/apps"
)

func newApp(std streams) *cobra.Command {
	var (
		version, listen string
		list            bool
		drain           time.Duration
	)
	cmd := &cobra.Command{
		Use:   "app NAME",
		Short: "Run one built-in application on a port, as it runs in pods",
		Example: `  splitcheck app version-test --version v2 --listen 127.0.0.1:8080
  splitcheck app --list`,
		Args:              atMostOne("the name of an application"),
		ValidArgsFunction: completeApps,
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				return listApps(std)
			}
			if len(args) == 0 {
				return usagef("which application? one of %s", strings.Join(apps.Names(), ", "))
			}
			hostname, _ := os.Hostname()
			instance := apps.Instance{
				App: args[0], Version: version, Pod: hostname,
				Namespace: os.Getenv("POD_NAMESPACE"), Env: environment(),
				// A call to another service opens a connection of its own, as
				// the originals do.
				Client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
			}
			handler, err := apps.New(instance)
			if err != nil {
				return usage(err)
			}
			if listen == "" {
				info, _ := apps.Info(args[0])
				listen = fmt.Sprintf("127.0.0.1:%d", info.Port)
			}
			if drain < 0 {
				return usagef("--drain %v: say how long to keep serving, such as 5s", drain)
			}
			return serveThenDrain(cmd.Context(), std, listen, handler, args[0], drain)
		},
	}
	cmd.Flags().StringVar(&version, "version", "v1", "the version to run as")
	cmd.Flags().StringVar(&listen, "listen", "", "address to listen on (default: the application's own port on 127.0.0.1)")
	cmd.Flags().DurationVar(&drain, "drain", 0, "how long to keep serving after being told to stop, as a pod must until no more requests are sent to it")
	cmd.Flags().BoolVar(&list, "list", false, "list the applications")
	return cmd
}

func listApps(std streams) error {
	table := tabwriter.NewWriter(std.out, 0, 0, 2, ' ', 0)
	for _, name := range apps.Names() {
		info, _ := apps.Info(name)
		fmt.Fprintf(table, "%s\t%d\t%s\n", name, info.Port, info.Description)
	}
	return table.Flush()
}

func environment() map[string]string {
	env := map[string]string{}
	for _, entry := range os.Environ() {
		name, value, _ := strings.Cut(entry, "=")
		env[name] = value
	}
	return env
}

// serve listens until ctx ends, and says where it listens once it does. path is one
// that is answered.
func serve(ctx context.Context, std streams, address string, server *http.Server, what, path string) error {
	listener, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return notMeasured(fmt.Errorf("listening on %s: %w; choose another with --listen", address, err))
	}
	server.ReadHeaderTimeout = headerTimeout
	server.Handler = bodiesInTime(server.Handler, bodyTimeout)
	fmt.Fprintf(std.err, "%s is at http://%s%s (Ctrl-C ends it)\n", what, listener.Addr(), path)
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	select {
	case err := <-ended:
		return notMeasured(err)
	case <-ctx.Done():
		server.Close()
		<-ended
		return nil
	}
}
