package b

import "time"

func Pause() { time.Sleep(time.Second) }

func Plain() {}
