(** What volume says. *)

val obv : close:Series.t -> volume:Series.t -> Series.t
(** On-balance volume: volume is added when the close rises, taken off when it falls; it begins with the first bar's
    volume (TA-Lib OBV). *)

val vwap : period:int -> timestamp:Series.t -> high:Series.t -> low:Series.t -> close:Series.t -> volume:Series.t -> Series.t
(** Mean of the typical prices [(high + low + close) / 3], weighted by volume: over the last [period] bars, or, with
    [period = 0], since the day's beginning (UTC) by [timestamp], the bars' beginnings in seconds. Absent while no volume
    was traded. *)
