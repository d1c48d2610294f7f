/// Statistics made by the documentation of engines that are not here: the fields and their meaning are
/// theirs, the numbers were chosen so that results can be worked out by hand.
enum DocumentedStats {
    /// Docker under cgroup v2.
    ///
    /// There is no `percpu_usage`, and `inactive_file` instead of `total_inactive_file`.
    static func cgroup2(cpu: UInt64, system: UInt64) -> String {
        #"{"read":"2026-11-25T10:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current":3,"limit":64},"#
            + #""cpu_stats":{"cpu_usage":{"total_usage":\#(cpu),"usage_in_kernelmode":1,"usage_in_usermode":2},"#
            + #""system_cpu_usage":\#(system),"online_cpus":4,"throttling_data":{"periods":0}},"#
            + #""precpu_stats":{"cpu_usage":{"total_usage":0}},"#
            + #""memory_stats":{"usage":104857600,"stats":{"anon":83886080,"file":20971520,"#
            + #""inactive_file":15728640,"active_file":5242880},"limit":268435456},"#
            + #""networks":{"eth0":{"rx_bytes":1000,"tx_bytes":200},"eth1":{"rx_bytes":24,"tx_bytes":56}}}"#
    }

    /// Podman 4.3: no details of memory, and the machine's busy time where Docker has all time.
    static func podman(cpu: UInt64, busy: UInt64) -> String {
        #"{"read":"2026-11-25T10:00:00Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current":1},"#
            + #""cpu_stats":{"cpu_usage":{"total_usage":\#(cpu),"percpu_usage":null,"#
            + #""usage_in_kernelmode":1,"usage_in_usermode":2},"system_cpu_usage":\#(busy),"online_cpus":2,"#
            + #""cpu":0,"throttling_data":{"periods":0}},"precpu_stats":{"cpu_usage":{"total_usage":0},"#
            + #""online_cpus":0},"memory_stats":{"usage":31457280,"max_usage":67108864,"limit":67108864},"#
            + #""name":"alice","networks":{"eth0":{"rx_bytes":7,"tx_bytes":9}}}"#
    }

    /// Podman's `GET /version`.
    static let podmanVersion =
        #"{"Platform":{"Name":"linux/amd64/debian-12"},"Components":[{"Name":"Podman Engine","Version":"4.3.1","#
        + #""Details":{"APIVersion":"4.3.1","MinAPIVersion":"4.0.0"}},{"Name":"Conmon","Version":"2.1.6"}],"#
        + #""Version":"4.3.1","ApiVersion":"1.41","MinAPIVersion":"1.24"}"#
}
