/// What a real engine answered: Docker 20.10.24, API 1.41, cgroup v1, a busy loop at half a core.
enum RecordedEngine {
    /// `GET /version`.
    static let version = #"""
        {"Platform":{"Name":""},"Components":[{"Name":"Engine","Version":"20.10.24+dfsg1","Details":{"Ap\#
        iVersion":"1.41","Arch":"amd64","BuildTime":"2026-05-07T21:09:36.000000000+00:00","Experimental"\#
        :"false","GitCommit":"5d6db84","GoVersion":"go1.19.8","KernelVersion":"6.18.44-fc-v782","MinAPIV\#
        ersion":"1.12","Os":"linux"}},{"Name":"containerd","Version":"1.6.20~ds1","Details":{"GitCommit"\#
        :"1.6.20~ds1-1+deb12u3"}},{"Name":"runc","Version":"1.1.5+ds1","Details":{"GitCommit":"1.1.5+ds1\#
        -1+deb12u1"}},{"Name":"docker-init","Version":"0.19.0","Details":{"GitCommit":""}}],"Version":"2\#
        0.10.24+dfsg1","ApiVersion":"1.41","MinAPIVersion":"1.12","GitCommit":"5d6db84","GoVersion":"go1\#
        .19.8","Os":"linux","Arch":"amd64","KernelVersion":"6.18.44-fc-v782","BuildTime":"2026-05-07T21:\#
        09:36.000000000+00:00"}
        """#

    /// Statistics, one-shot, one second after the start.
    static let first = #"""
        {"read":"2026-11-25T03:39:32.493311843Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current\#
        ":1,"limit":64},"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":[],"io_qu\#
        eue_recursive":[],"io_service_time_recursive":[],"io_wait_time_recursive":[],"io_merged_recursiv\#
        e":[],"io_time_recursive":[],"sectors_recursive":[]},"num_procs":0,"storage_stats":{},"cpu_stats\#
        ":{"cpu_usage":{"total_usage":580707914,"percpu_usage":[580123849,584065],"usage_in_kernelmode":\#
        0,"usage_in_usermode":570000000},"system_cpu_usage":32054440000000,"online_cpus":2,"throttling_d\#
        ata":{"periods":12,"throttled_periods":10,"throttled_time":356110174}},"precpu_stats":{"cpu_usag\#
        e":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":\#
        0,"throttled_periods":0,"throttled_time":0}},"memory_stats":{"usage":520192,"max_usage":4087808,\#
        "stats":{"active_anon":4096,"active_file":0,"cache":0,"dirty":0,"hierarchical_memory_limit":6710\#
        8864,"hierarchical_memsw_limit":67108864,"inactive_anon":57344,"inactive_file":0,"mapped_file":0\#
        ,"pgfault":1137,"pgmajfault":0,"pgpgin":846,"pgpgout":831,"rss":61440,"rss_huge":0,"total_active\#
        _anon":4096,"total_active_file":0,"total_cache":0,"total_dirty":0,"total_inactive_anon":57344,"t\#
        otal_inactive_file":0,"total_mapped_file":0,"total_pgfault":1137,"total_pgmajfault":0,"total_pgp\#
        gin":846,"total_pgpgout":831,"total_rss":61440,"total_rss_huge":0,"total_unevictable":0,"total_w\#
        riteback":0,"unevictable":0,"writeback":0},"limit":67108864},"name":"/x1","id":"90bd552fa9036064\#
        61a14065e205c86e9967730a4f3fef8773c964d4d684b650"}
        """#

    /// The same two seconds later.
    static let second = #"""
        {"read":"2026-11-25T03:39:34.551302044Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current\#
        ":1,"limit":64},"blkio_stats":{"io_service_bytes_recursive":[],"io_serviced_recursive":[],"io_qu\#
        eue_recursive":[],"io_service_time_recursive":[],"io_wait_time_recursive":[],"io_merged_recursiv\#
        e":[],"io_time_recursive":[],"sectors_recursive":[]},"num_procs":0,"storage_stats":{},"cpu_stats\#
        ":{"cpu_usage":{"total_usage":1600416953,"percpu_usage":[1599832888,584065],"usage_in_kernelmode\#
        ":0,"usage_in_usermode":1590000000},"system_cpu_usage":32058560000000,"online_cpus":2,"throttlin\#
        g_data":{"periods":33,"throttled_periods":31,"throttled_time":1101088152}},"precpu_stats":{"cpu_\#
        usage":{"total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"perio\#
        ds":0,"throttled_periods":0,"throttled_time":0}},"memory_stats":{"usage":458752,"max_usage":4087\#
        808,"stats":{"active_anon":4096,"active_file":0,"cache":0,"dirty":0,"hierarchical_memory_limit":\#
        67108864,"hierarchical_memsw_limit":67108864,"inactive_anon":57344,"inactive_file":0,"mapped_fil\#
        e":0,"pgfault":1137,"pgmajfault":0,"pgpgin":846,"pgpgout":831,"rss":61440,"rss_huge":0,"total_ac\#
        tive_anon":4096,"total_active_file":0,"total_cache":0,"total_dirty":0,"total_inactive_anon":5734\#
        4,"total_inactive_file":0,"total_mapped_file":0,"total_pgfault":1137,"total_pgmajfault":0,"total\#
        _pgpgin":846,"total_pgpgout":831,"total_rss":61440,"total_rss_huge":0,"total_unevictable":0,"tot\#
        al_writeback":0,"unevictable":0,"writeback":0},"limit":67108864},"name":"/x1","id":"90bd552fa903\#
        606461a14065e205c86e9967730a4f3fef8773c964d4d684b650"}
        """#

    /// The same of a stopped container.
    static let stopped = #"""
        {"read":"0001-01-01T00:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":{},"blkio_stats":{"\#
        io_service_bytes_recursive":null,"io_serviced_recursive":null,"io_queue_recursive":null,"io_serv\#
        ice_time_recursive":null,"io_wait_time_recursive":null,"io_merged_recursive":null,"io_time_recur\#
        sive":null,"sectors_recursive":null},"num_procs":0,"storage_stats":{},"cpu_stats":{"cpu_usage":{\#
        "total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"t\#
        hrottled_periods":0,"throttled_time":0}},"precpu_stats":{"cpu_usage":{"total_usage":0,"usage_in_\#
        kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"throttled_periods":0,"throt\#
        tled_time":0}},"memory_stats":{},"name":"/x1","id":"90bd552fa903606461a14065e205c86e9967730a4f3f\#
        ef8773c964d4d684b650"}
        """#

    /// `GET /containers/json?all=true`.
    static let list = #"""
        [{"Id":"90bd552fa903606461a14065e205c86e9967730a4f3fef8773c964d4d684b650","Names":["/x1"],"Image\#
        ":"ledger-busybox:1","ImageID":"sha256:7c84efb9bf8f3b9a4e7d39de69dcbde3d3f925d7bdf149ac9ef0711d3\#
        73f5281","Command":"sh -c 'while :; do :; done'","Created":1795577971,"Ports":[],"Labels":{"a":"\#
        b"},"State":"running","Status":"Up 3 seconds","HostConfig":{"NetworkMode":"none"},"NetworkSettin\#
        gs":{"Networks":{"none":{"IPAMConfig":null,"Links":null,"Aliases":null,"NetworkID":"5ddaea08f10e\#
        a97c3576dcebb8d595684480931e691930ccce7c3a6d22b0e5a6","EndpointID":"4d6b1e01f34055f47bec126cf9b3\#
        3091b42a3bf21b7298a4d9c201f071c221fc","Gateway":"","IPAddress":"","IPPrefixLen":0,"IPv6Gateway":\#
        "","GlobalIPv6Address":"","GlobalIPv6PrefixLen":0,"MacAddress":"","DriverOpts":null}}},"Mounts":\#
        []}]
        """#

    /// `GET /containers/x1/json`, without its host configuration and networks.
    static let inspected = #"""
        {"Id":"90bd552fa903606461a14065e205c86e9967730a4f3fef8773c964d4d684b650","Created":"2026-11-25T0\#
        3:39:31.079428289Z","Path":"sh","Args":["-c","while :; do :; done"],"State":{"Status":"running",\#
        "Running":true,"Paused":false,"Restarting":false,"OOMKilled":false,"Dead":false,"Pid":28781,"Exi\#
        tCode":0,"Error":"","StartedAt":"2026-11-25T03:39:31.457656237Z","FinishedAt":"0001-01-01T00:00:\#
        00Z"},"Image":"sha256:7c84efb9bf8f3b9a4e7d39de69dcbde3d3f925d7bdf149ac9ef0711d373f5281","Name":"\#
        /x1","RestartCount":0,"Driver":"overlay2","Config":{"Hostname":"90bd552fa903","Env":null,"Cmd":[\#
        "sh","-c","while :; do :; done"],"Image":"ledger-busybox:1","Labels":{"a":"b"}}}
        """#

    /// Lines of `GET /events`: one container started and stopped, one ran out of memory.
    static let events = [
        #"""
        {"status":"start","id":"90bd552fa903606461a14065e205c86e9967730a4f3fef8773c964d4d684b650","from"\#
        :"ledger-busybox:1","Type":"container","Action":"start","Actor":{"ID":"90bd552fa903606461a14065e\#
        205c86e9967730a4f3fef8773c964d4d684b650","Attributes":{"a":"b","image":"ledger-busybox:1","name"\#
        :"x1"}},"scope":"local","time":1795577971,"timeNano":1795577971460150897}
        """#,
        #"""
        {"status":"die","id":"90bd552fa903606461a14065e205c86e9967730a4f3fef8773c964d4d684b650","from":"\#
        ledger-busybox:1","Type":"container","Action":"die","Actor":{"ID":"90bd552fa903606461a14065e205c\#
        86e9967730a4f3fef8773c964d4d684b650","Attributes":{"a":"b","exitCode":"137","image":"ledger-busy\#
        box:1","name":"x1"}},"scope":"local","time":1795577975,"timeNano":1795577975964466298}
        """#,
        #"""
        {"status":"start","id":"b07e03a8858e1399728d10e4f4d9b74ed7a00fe56da1dba2b45264c8fe74b3cc","from"\#
        :"ledger-busybox:1","Type":"container","Action":"start","Actor":{"ID":"b07e03a8858e1399728d10e4f\#
        4d9b74ed7a00fe56da1dba2b45264c8fe74b3cc","Attributes":{"a":"b","image":"ledger-busybox:1","name"\#
        :"x3"}},"scope":"local","time":1795577976,"timeNano":1795577976396150717}
        """#,
        #"""
        {"status":"oom","id":"b07e03a8858e1399728d10e4f4d9b74ed7a00fe56da1dba2b45264c8fe74b3cc","from":"\#
        ledger-busybox:1","Type":"container","Action":"oom","Actor":{"ID":"b07e03a8858e1399728d10e4f4d9b\#
        74ed7a00fe56da1dba2b45264c8fe74b3cc","Attributes":{"a":"b","image":"ledger-busybox:1","name":"x3\#
        "}},"scope":"local","time":1795577976,"timeNano":1795577976590602234}
        """#,
        #"""
        {"status":"die","id":"b07e03a8858e1399728d10e4f4d9b74ed7a00fe56da1dba2b45264c8fe74b3cc","from":"\#
        ledger-busybox:1","Type":"container","Action":"die","Actor":{"ID":"b07e03a8858e1399728d10e4f4d9b\#
        74ed7a00fe56da1dba2b45264c8fe74b3cc","Attributes":{"a":"b","exitCode":"137","image":"ledger-busy\#
        box:1","name":"x3"}},"scope":"local","time":1795577976,"timeNano":1795577976624205902}
        """#,
        #"""
        {"status":"destroy","id":"b07e03a8858e1399728d10e4f4d9b74ed7a00fe56da1dba2b45264c8fe74b3cc","fro\#
        m":"ledger-busybox:1","Type":"container","Action":"destroy","Actor":{"ID":"b07e03a8858e1399728d1\#
        0e4f4d9b74ed7a00fe56da1dba2b45264c8fe74b3cc","Attributes":{"a":"b","image":"ledger-busybox:1","n\#
        ame":"x3"}},"scope":"local","time":1795577979,"timeNano":1795577979453331308}
        """#,
    ]
}
