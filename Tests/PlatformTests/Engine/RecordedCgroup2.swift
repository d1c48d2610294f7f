/// What a real engine answered on 2026-11-25: Docker 20.10.24, API 1.41, cgroup v2, Linux 6.1.
///
/// A container on a bridge with limits of half a core and 256 MiB wrote a file of 24 MiB, sent three pings
/// and went into a busy loop.
enum RecordedCgroup2 {
    /// Statistics, one-shot, in the busy loop.
    static let first = #"""
        {"read":"2026-11-25T07:28:24.73007573Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current"\#
        :2,"limit":64},"blkio_stats":{"io_service_bytes_recursive":[{"major":254,"minor":0,"op":"read","\#
        value":0},{"major":254,"minor":0,"op":"write","value":9912320}],"io_serviced_recursive":null,"io\#
        _queue_recursive":null,"io_service_time_recursive":null,"io_wait_time_recursive":null,"io_merged\#
        _recursive":null,"io_time_recursive":null,"sectors_recursive":null},"num_procs":0,"storage_stats\#
        ":{},"cpu_stats":{"cpu_usage":{"total_usage":9354604000,"usage_in_kernelmode":7828607000,"usage_\#
        in_usermode":1525997000},"system_cpu_usage":193100000000,"online_cpus":2,"throttling_data":{"per\#
        iods":147,"throttled_periods":138,"throttled_time":7562320000}},"precpu_stats":{"cpu_usage":{"to\#
        tal_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"thro\#
        ttled_periods":0,"throttled_time":0}},"memory_stats":{"usage":26386432,"stats":{"active_anon":81\#
        92,"active_file":0,"anon":118784,"anon_thp":0,"file":25165824,"file_dirty":15253504,"file_mapped\#
        ":0,"file_writeback":0,"inactive_anon":110592,"inactive_file":25165824,"kernel_stack":32768,"pga\#
        ctivate":2010,"pgdeactivate":0,"pgfault":1341,"pglazyfree":0,"pglazyfreed":0,"pgmajfault":0,"pgr\#
        efill":0,"pgscan":0,"pgsteal":0,"shmem":0,"slab":966552,"slab_reclaimable":817184,"slab_unreclai\#
        mable":149368,"sock":0,"thp_collapse_alloc":0,"thp_fault_alloc":1,"unevictable":0,"workingset_ac\#
        tivate":0,"workingset_nodereclaim":0,"workingset_refault":0},"limit":268435456},"name":"/x1","id\#
        ":"19a13dfdb216447c922d945444bac44f7effd645802880f121c251fa97659349","networks":{"eth0":{"rx_byt\#
        es":1420,"rx_packets":16,"rx_errors":0,"rx_dropped":0,"tx_bytes":238,"tx_packets":3,"tx_errors":\#
        0,"tx_dropped":0}}}
        """#

    /// The same ten seconds later.
    static let second = #"""
        {"read":"2026-11-25T07:28:35.54521725Z","preread":"0001-01-01T00:00:00Z","pids_stats":{"current"\#
        :1,"limit":64},"blkio_stats":{"io_service_bytes_recursive":[{"major":254,"minor":0,"op":"read","\#
        value":0},{"major":254,"minor":0,"op":"write","value":9912320}],"io_serviced_recursive":null,"io\#
        _queue_recursive":null,"io_service_time_recursive":null,"io_wait_time_recursive":null,"io_merged\#
        _recursive":null,"io_time_recursive":null,"sectors_recursive":null},"num_procs":0,"storage_stats\#
        ":{},"cpu_stats":{"cpu_usage":{"total_usage":14420128000,"usage_in_kernelmode":7828607000,"usage\#
        _in_usermode":6591521000},"system_cpu_usage":213650000000,"online_cpus":2,"throttling_data":{"pe\#
        riods":248,"throttled_periods":239,"throttled_time":12527396000}},"precpu_stats":{"cpu_usage":{"\#
        total_usage":0,"usage_in_kernelmode":0,"usage_in_usermode":0},"throttling_data":{"periods":0,"th\#
        rottled_periods":0,"throttled_time":0}},"memory_stats":{"usage":26251264,"stats":{"active_anon":\#
        4096,"active_file":0,"anon":61440,"anon_thp":0,"file":25165824,"file_dirty":15253504,"file_mappe\#
        d":0,"file_writeback":0,"inactive_anon":57344,"inactive_file":25165824,"kernel_stack":16384,"pga\#
        ctivate":2010,"pgdeactivate":0,"pgfault":1346,"pglazyfree":0,"pglazyfreed":0,"pgmajfault":0,"pgr\#
        efill":0,"pgscan":0,"pgsteal":0,"shmem":0,"slab":945240,"slab_reclaimable":814304,"slab_unreclai\#
        mable":130936,"sock":0,"thp_collapse_alloc":0,"thp_fault_alloc":1,"unevictable":0,"workingset_ac\#
        tivate":0,"workingset_nodereclaim":0,"workingset_refault":0},"limit":268435456},"name":"/x1","id\#
        ":"19a13dfdb216447c922d945444bac44f7effd645802880f121c251fa97659349","networks":{"eth0":{"rx_byt\#
        es":1560,"rx_packets":18,"rx_errors":0,"rx_dropped":0,"tx_bytes":378,"tx_packets":5,"tx_errors":\#
        0,"tx_dropped":0}}}
        """#
}
