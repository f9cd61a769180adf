package main

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"time"
)

// serveThenDrain serves until ctx ends and then for another while, so that a pod
// loses no request: when it is told to end, proxies elsewhere still send to it
// until they have heard of that. In that while each answer asks its client to
// open its next connection anew; an idle connection stays, for closing it could
// cross with a request on its way. What is being answered at the end is finished.
func serveThenDrain(ctx context.Context, std streams, address string, handler http.Handler, what string, drain time.Duration) error {
	if drain == 0 {
		return serve(ctx, std, address, &http.Server{Handler: handler}, what, "")
	}
	var ending atomic.Bool
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if ending.Load() {
			w.Header().Set("Connection", "close")
		}
		handler.ServeHTTP(w, r)
	})}
	// The serving itself ends with a context of its own, after the drain.
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	shut := make(chan error, 1)
	unhook := context.AfterFunc(ctx, func() {
		ending.Store(true)
		timer := time.NewTimer(drain)
		defer timer.Stop()
		<-timer.C
		bounded, cancel := context.WithTimeout(serving, finishing)
		defer cancel()
		shut <- server.Shutdown(bounded)
	})
	err := serve(serving, std, address, server, what, "")
	if unhook() || !errors.Is(err, http.ErrServerClosed) {
		return err // It ended before it was told to.
	}
	if err := <-shut; err != nil {
		server.Close()
	}
	return nil
}
