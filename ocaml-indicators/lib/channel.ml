open! Import

let before x = Array.mapi (fun i _ -> if i = 0 then Series.absent else x.(i - 1)) x

let highest ~period ~high =
  let upper, _, _ = Spread.donchian ~period ~high ~low:high in
  before upper

let lowest ~period ~low =
  let _, _, lower = Spread.donchian ~period ~high:low ~low in
  before lower

let avg_volume ~period ~volume = before (Averages.sma ~period volume)

let stochastic ~k ~d ~smooth ~high ~low ~close =
  let upper, _, lower = Spread.donchian ~period:k ~high ~low in
  let raw =
    Array.mapi
      (fun i value ->
        let range = upper.(i) -. lower.(i) in
        if Series.is_absent range then Series.absent
        else if range = 0.0 then 0.0
        else 100.0 *. ((value -. lower.(i)) /. range))
      close
  in
  let slow = Averages.sma ~period:smooth raw in
  let line = Averages.sma ~period:d slow in
  (Series.map2 (fun value _ -> value) slow line, line)
