package main

import (
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// A test runner that is killed outright runs no cleanup. The kernel then ends its children instead, if they asked
// for it. CONTROLPLANE_PARENT is the runner's pid: whoever calls a tool by hand sets no such variable.
func init() {
	parent, err := strconv.Atoi(os.Getenv("CONTROLPLANE_PARENT"))
	if err != nil {
		return
	}
	// init runs on the main thread, which lives as long as the process: the kernel keeps the request per thread.
	if err := unix.Prctl(unix.PR_SET_PDEATHSIG, uintptr(unix.SIGKILL), 0, 0, 0); err != nil {
		return
	}
	if os.Getppid() != parent { // it died before the request was in place
		os.Exit(1)
	}
}
