/// What a real engine answered on 2026-11-25: Podman 4.3.1, API 1.41, a busy loop at half a core.
///
/// Under cgroup v1: Linux 6.18, runc, a limit of 64 MiB. Under cgroup v2: Linux 6.1, crun, 256 MiB. Under
/// both, the statistics of a stopped container are status 200 and an empty body.
enum RecordedPodman {
    /// `GET /version`.
    static let version = #"""
        {"Platform":{"Name":"linux/amd64/debian-12"},"Components":[{"Name":"Podman Engine","Version":"4.\#
        3.1","Details":{"APIVersion":"4.3.1","Arch":"amd64","BuildTime":"1970-01-01T00:00:00Z","Experime\#
        ntal":"false","GitCommit":"","GoVersion":"go1.19.8","KernelVersion":"6.18.44-fc-v782","MinAPIVer\#
        sion":"4.0.0","Os":"linux"}},{"Name":"Conmon","Version":"conmon version 2.1.6, commit: unknown",\#
        "Details":{"Package":"conmon_2.1.6+ds1-1_amd64"}},{"Name":"OCI Runtime (/usr/sbin/runc)","Versio\#
        n":"runc version 1.1.5+ds1\ncommit: 1.1.5+ds1-1+deb12u1\nspec: 1.0.2-dev\ngo: go1.19.8\nlibsecco\#
        mp: 2.5.4","Details":{"Package":"runc_1.1.5+ds1-1+deb12u1_amd64"}}],"Version":"4.3.1","ApiVersio\#
        n":"1.41","MinAPIVersion":"1.24","GitCommit":"","GoVersion":"go1.19.8","Os":"linux","Arch":"amd6\#
        4","KernelVersion":"6.18.44-fc-v782","BuildTime":"1970-01-01T00:00:00Z"}
        """#

    /// Statistics under cgroup v1, one-shot, one second after the start.
    static let cgroup1First = #"""
        {"read":"2026-11-25T07:13:30.405670921Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current\#
        ":1},"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":null,"io_queue_recur\#
        sive":null,"io_service_time_recursive":null,"io_wait_time_recursive":null,"io_merged_recursive":\#
        null,"io_time_recursive":null,"sectors_recursive":null},"num_procs":0,"storage_stats":{},"cpu_st\#
        ats":{"cpu_usage":{"total_usage":559459475,"percpu_usage":[548093692,11365783],"usage_in_kernelm\#
        ode":8000000,"usage_in_usermode":551459475},"system_cpu_usage":33418605821091,"online_cpus":2,"c\#
        pu":0,"throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}},"precpu_stats":{\#
        "cpu_usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"cpu":0,"throttling_\#
        data":{"periods":0,"throttled_periods":0,"throttled_time":0}},"memory_stats":{"usage":421888,"li\#
        mit":67108864},"name":"x1","Id":"c60af4508fe5844336245df5372b87c204db01fe84993b7a8954db07a285293\#
        2","networks":{"network":{"rx_bytes":0,"rx_packets":0,"rx_errors":0,"rx_dropped":0,"tx_bytes":0,\#
        "tx_packets":0,"tx_errors":0,"tx_dropped":0}}}
        """#

    /// The same two seconds later.
    static let cgroup1Second = #"""
        {"read":"2026-11-25T07:13:32.429736592Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current\#
        ":1},"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":null,"io_queue_recur\#
        sive":null,"io_service_time_recursive":null,"io_wait_time_recursive":null,"io_merged_recursive":\#
        null,"io_time_recursive":null,"sectors_recursive":null},"num_procs":0,"storage_stats":{},"cpu_st\#
        ats":{"cpu_usage":{"total_usage":1564039384,"percpu_usage":[1552673601,11365783],"usage_in_kerne\#
        lmode":8000000,"usage_in_usermode":1556039384},"system_cpu_usage":33421809701152,"online_cpus":2\#
        ,"cpu":0,"throttling_data":{"periods":0,"throttled_periods":0,"throttled_time":0}},"precpu_stats\#
        ":{"cpu_usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"cpu":0,"throttli\#
        ng_data":{"periods":0,"throttled_periods":0,"throttled_time":0}},"memory_stats":{"usage":421888,\#
        "limit":67108864},"name":"x1","Id":"c60af4508fe5844336245df5372b87c204db01fe84993b7a8954db07a285\#
        2932","networks":{"network":{"rx_bytes":0,"rx_packets":0,"rx_errors":0,"rx_dropped":0,"tx_bytes"\#
        :0,"tx_packets":0,"tx_errors":0,"tx_dropped":0}}}
        """#

    /// Statistics under cgroup v2, one-shot.
    ///
    /// Nothing tells the number of processors, and `usage` is the kernel's `anon` alone: `memory.current` was
    /// 81,661,952, most of it a file in memory.
    static let cgroup2First = #"""
        {"read":"2026-11-25T07:22:02.06577112Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current"\#
        :2},"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":null,"io_queue_recurs\#
        ive":null,"io_service_time_recursive":null,"io_wait_time_recursive":null,"io_merged_recursive":n\#
        ull,"io_time_recursive":null,"sectors_recursive":null},"num_procs":0,"storage_stats":{},"cpu_sta\#
        ts":{"cpu_usage":{"total_usage":3567737000,"usage_in_kernelmode":3445003,"usage_in_usermode":356\#
        4291997},"system_cpu_usage":116346070000,"cpu":86.83169378908246,"throttling_data":{"periods":0,\#
        "throttled_periods":0,"throttled_time":0}},"precpu_stats":{"cpu_usage":{"total_usage":0,"usage_i\#
        n_kernelmode":0,"usage_in_usermode":0},"cpu":0,"throttling_data":{"periods":0,"throttled_periods\#
        ":0,"throttled_time":0}},"memory_stats":{"usage":176128,"limit":268435456},"name":"x1","Id":"fbe\#
        6d0fb5b55c89b70fb39262524e9d9a172002184c314f0af69c7b8a13ac4f2","networks":{"network":{"rx_bytes"\#
        :0,"rx_packets":0,"rx_errors":0,"rx_dropped":0,"tx_bytes":0,"tx_packets":0,"tx_errors":0,"tx_dro\#
        pped":0}}}
        """#

    /// The same three seconds later.
    static let cgroup2Second = #"""
        {"read":"2026-11-25T07:22:04.67115631Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current"\#
        :1},"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":null,"io_queue_recurs\#
        ive":null,"io_service_time_recursive":null,"io_wait_time_recursive":null,"io_merged_recursive":n\#
        ull,"io_time_recursive":null,"sectors_recursive":null},"num_procs":0,"storage_stats":{},"cpu_sta\#
        ts":{"cpu_usage":{"total_usage":4882886000,"usage_in_kernelmode":4337697,"usage_in_usermode":487\#
        8548303},"system_cpu_usage":118679081000,"cpu":42.40680577779933,"throttling_data":{"periods":0,\#
        "throttled_periods":0,"throttled_time":0}},"precpu_stats":{"cpu_usage":{"total_usage":0,"usage_i\#
        n_kernelmode":0,"usage_in_usermode":0},"cpu":0,"throttling_data":{"periods":0,"throttled_periods\#
        ":0,"throttled_time":0}},"memory_stats":{"usage":61440,"limit":268435456},"name":"x1","Id":"fbe6\#
        d0fb5b55c89b70fb39262524e9d9a172002184c314f0af69c7b8a13ac4f2","networks":{"network":{"rx_bytes":\#
        0,"rx_packets":0,"rx_errors":0,"rx_dropped":0,"tx_bytes":0,"tx_packets":0,"tx_errors":0,"tx_drop\#
        ped":0}}}
        """#

    /// `GET /containers/json?all=true`.
    static let list = #"""
        [{"Id":"c60af4508fe5844336245df5372b87c204db01fe84993b7a8954db07a2852932","Names":["/x1"],"Image\#
        ":"localhost/ledger-busybox:1","ImageID":"sha256:ca33d20d55adbe67855b46f26b9fa091def5fde8a29bbd7\#
        b74710d7cb92e8539","Command":"sh -c while :; do :; done","Created":1795590809,"Ports":[],"Labels\#
        ":{"a":"b"},"State":"running","Status":"Up 3 seconds","NetworkSettings":{"Networks":null},"Mount\#
        s":[],"Name":"","Config":null,"NetworkingConfig":null,"Platform":null,"AdjustCPUShares":false}]
        """#

    /// `GET /containers/x1/json`, without its host configuration and networks.
    static let inspected = #"""
        {"Id":"c60af4508fe5844336245df5372b87c204db01fe84993b7a8954db07a2852932","Created":"2026-11-25T0\#
        7:13:29.250625028Z","Path":"sh","Args":["-c","while :; do :; done"],"State":{"Status":"running",\#
        "Running":true,"Paused":false,"Restarting":false,"OOMKilled":false,"Dead":false,"Pid":9255,"Exit\#
        Code":0,"Error":"","StartedAt":"2026-11-25T07:13:29.388864656Z","FinishedAt":"0001-01-01T00:00:0\#
        0Z","Health":{"Status":"","FailingStreak":0,"Log":null}},"Image":"sha256:ca33d20d55adbe67855b46f\#
        26b9fa091def5fde8a29bbd7b74710d7cb92e8539","Name":"/x1","RestartCount":0,"Driver":"vfs","Config"\#
        :{"Hostname":"c60af4508fe5","Domainname":"","User":"","AttachStdin":false,"AttachStdout":false,"\#
        AttachStderr":false,"Tty":false,"OpenStdin":false,"StdinOnce":false,"Env":["container=podman","P\#
        ATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","TERM=xterm","HOSTNAME=c60af45\#
        08fe5"],"Cmd":["sh","-c","while :; do :; done"],"Image":"localhost/ledger-busybox:1","Volumes":n\#
        ull,"WorkingDir":"/","Entrypoint":[],"OnBuild":null,"Labels":{"a":"b"},"StopSignal":"15","StopTi\#
        meout":0}}
        """#
}
