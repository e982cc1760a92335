(* Values that others have published, each beside its source. Indicators of which nobody has published a worked example
   with our definition (Donchian, Keltner, OBV, the bars before) are computed by hand in unit.ml. *)

open Indicators

let check name digits expected found =
  Alcotest.(check (list (float (0.5000001 *. (10.0 ** float_of_int (-digits)))))) name expected found

(* TA-Lib's own test takes what is within 0.01 of its table. *)
let near name expected found = Alcotest.(check (float 0.01)) name expected found
let from first count x = Array.to_list (Array.sub x first count)

(* The first 35 bars of TA-Lib's reference series (BSD licence; its regression test's test_data.c), to which belong the
   expected values in its test_macd.c, test_adx.c, test_per_hlc.c, test_stoch.c, test_mom.c, test_ma.c, test_stddev.c. *)
let high = [|
    93.25; 94.94; 96.375; 96.19; 96.0; 94.72; 95.0; 93.72; 92.47; 92.75; 96.25; 99.625; 99.125; 92.75;
    91.315; 93.25; 93.405; 90.655; 91.97; 92.25; 90.345; 88.5; 88.25; 85.5; 84.44; 84.75; 84.44; 89.405;
    88.125; 89.125; 87.155; 87.25; 87.375; 88.97; 90.0
  |]

let low = [|
    90.75; 91.405; 94.25; 93.5; 92.815; 93.5; 92.0; 89.75; 89.44; 90.625; 92.75; 96.315; 96.03; 88.815;
    86.75; 90.94; 88.905; 88.78; 89.25; 89.75; 87.5; 86.53; 84.625; 82.28; 81.565; 80.875; 81.25; 84.065;
    85.595; 85.97; 84.405; 85.095; 85.5; 85.53; 87.875
  |]

let close = [|
    91.5; 94.815; 94.375; 95.095; 93.78; 94.625; 92.53; 92.75; 90.315; 92.47; 96.125; 97.25; 98.5; 89.875;
    91.0; 92.815; 89.155; 89.345; 91.625; 89.875; 88.375; 87.625; 84.78; 83.0; 83.5; 81.375; 84.44; 89.25;
    86.375; 86.25; 85.25; 87.125; 85.815; 88.97; 88.47
  |]

let ta_lib_averages () =
  check "wma 2" 2 [ 93.71; 94.52 ] (from 1 2 (Averages.wma ~period:2 close));
  check "stddev 5" 4 [ 1.2856 ] (from 4 1 (Spread.stddev ~period:5 close));
  check "roc 14" 3 [ -0.546; -2.109; -5.531 ] (from 14 3 (Momentum.roc ~period:14 close))

let ta_lib_macd () =
  let line, signal, histogram = Momentum.macd ~fast:12 ~slow:26 ~signal:9 close in
  Alcotest.(check int) "begins at 33" 33 (Series.start line);
  check "macd" 4 [ -1.9738 ] (from 33 1 line);
  check "signal" 4 [ -2.7071 ] (from 33 1 signal);
  check "histogram" 3 [ -1.9738 +. 2.7071 ] (from 33 1 histogram)

let ta_lib_trend () =
  let adx, plus, minus = Trend.adx ~period:14 ~high ~low ~close in
  check "adx 14" 0 [ 23.0; 22.0 ] (from 27 2 adx);
  check "+di 14" 0 [ 22.0; 20.0 ] (from 27 2 plus);
  check "-di 14" 0 [ 25.0 ] (from 28 1 minus);
  check "cci 11" 3
    [ 87.927; 180.005; 143.519; -113.867; -111.064; -26.774; -70.779; -83.157; -41.144; -49.631; -86.451; -105.628;
      -157.698; -190.525; -142.836; -122.445; -79.951; 22.038; 7.766; 32.389; -0.006; 43.846; 40.352; 92.892; 113.478 ]
    (from 10 25 (Trend.cci ~period:11 ~high ~low ~close))

let ta_lib_ranges () =
  let share i = 100.0 *. (Spread.atr ~period:14 ~high ~low ~close).(i) /. close.(i) in
  check "atr 14, as percent of the close" 4 [ 3.9321; 3.7576 ] [ share 14; share 15 ];
  let k, d = Channel.stochastic ~k:5 ~d:3 ~smooth:3 ~high ~low ~close in
  near "slow k 5, 3, 3" 24.0128 k.(8);
  near "slow d 5, 3, 3" 36.254 d.(8);
  let k, d = Channel.stochastic ~k:5 ~d:4 ~smooth:3 ~high ~low ~close in
  near "slow k 5, 4, 3" 38.139 k.(9);
  near "slow d 5, 4, 3" 36.725 d.(9)

(* StockCharts, ChartSchool: "Bollinger Bands", 20 bars and two deviations. *)
let chartschool_bollinger () =
  let x = [|
    86.1557; 89.0867; 88.7829; 90.3228; 89.0671; 91.1453; 89.4397; 89.1750; 86.9302; 87.6752; 86.9596;
    89.4299; 89.3221; 88.7241; 87.4497; 87.2634; 89.4985; 87.9006; 89.1260; 90.7043; 92.9001; 92.9784;
    91.8021
  |] in
  let upper, middle, lower = Spread.bollinger ~period:20 ~deviations:2.0 x in
  check "middle" 2 [ 88.71; 89.05; 89.24; 89.39 ] (from 19 4 middle);
  check "upper" 2 [ 91.29; 91.95; 92.61; 92.93 ] (from 19 4 upper);
  check "lower" 2 [ 86.12; 86.14; 85.87; 85.85 ] (from 19 4 lower)

(* StockCharts, ChartSchool: "Stochastic Oscillator", %K of 14 bars; closes before the 14th bar do not enter it. The
   prices are printed to a cent, of ranges of about five: so far the index can be known. *)
let chartschool_stochastic () =
  let high = [|
    127.01; 127.62; 126.59; 127.35; 128.17; 128.43; 127.37; 126.42; 126.9; 126.85; 125.65; 125.72; 127.16;
    127.72; 127.69; 128.22; 128.27; 128.09; 128.27; 127.74
  |] in
  let low = [|
    125.36; 126.16; 124.93; 126.09; 126.82; 126.48; 126.03; 124.83; 126.39; 125.72; 124.56; 124.57; 125.07;
    126.86; 126.63; 126.80; 126.71; 126.80; 126.13; 125.92
  |] in
  let close = [|
    0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 0.0; 127.29; 127.18; 128.01; 127.11;
    127.73; 127.06; 127.33
  |] in
  let raw, _ = Channel.stochastic ~k:14 ~d:1 ~smooth:1 ~high ~low ~close in
  Alcotest.(check (list (float 0.2))) "%K" [ 70.44; 67.61; 89.20; 65.81; 81.75; 64.52; 74.53 ] (from 13 7 raw)

(* StockCharts, ChartSchool: "Average True Range". It counts the first bar's own range, so a bar that closes inside that
   range stands before it here. Prices are printed to a cent. *)
let chartschool_atr () =
  let high = [|
    48.70; 48.72; 48.90; 48.87; 48.82; 49.05; 49.20; 49.35; 49.92; 50.19; 50.12; 49.66; 49.88; 50.19;
    50.36; 50.57; 50.65
  |] in
  let low = [|
    47.79; 48.14; 48.39; 48.37; 48.24; 48.64; 48.94; 48.86; 49.50; 49.87; 49.20; 48.90; 49.43; 49.73;
    49.26; 50.09; 50.30
  |] in
  let close = [|
    48.16; 48.61; 48.75; 48.63; 48.74; 49.03; 49.07; 49.32; 49.91; 50.13; 49.53; 49.50; 49.75; 50.03;
    50.31; 50.52; 50.41
  |] in
  let before x = Array.append [| 48.0 |] x in
  let atr = Spread.atr ~period:14 ~high:(before high) ~low:(before low) ~close:(before close) in
  Alcotest.(check (list (float 0.01))) "atr 14" [ 0.56; 0.59; 0.59; 0.57 ] (from 14 4 atr)

(* StockCharts, ChartSchool: "Volume-Weighted Average Price (VWAP)", the first minutes of a day of IBM. *)
let chartschool_vwap () =
  let high =
    [| 127.36; 127.31; 127.21; 127.15; 127.08; 127.19; 127.09; 127.08; 127.18; 127.16; 127.31; 127.35; 127.34; 127.29;
       127.36 |]
  in
  let low =
    [| 126.99; 127.10; 127.11; 126.93; 126.98; 126.99; 126.82; 126.95; 127.05; 127.05; 127.08; 127.20; 127.25; 127.17;
       127.25 |]
  in
  let close =
    [| 127.28; 127.11; 127.15; 127.04; 126.98; 127.07; 126.93; 127.05; 127.11; 127.15; 127.30; 127.28; 127.28; 127.29;
       127.25 |]
  in
  let volume =
    [| 89329.0; 16137.0; 23945.0; 20679.0; 27252.0; 20915.0; 17372.0; 17600.0; 13896.0; 6700.0; 13848.0; 9925.0;
       5540.0; 10803.0; 19400.0 |]
  in
  let timestamp = Array.mapi (fun i _ -> 60.0 *. float_of_int i) close in
  check "vwap of the day" 2
    [ 127.21; 127.20; 127.20; 127.17; 127.15; 127.14; 127.13; 127.12; 127.12; 127.12; 127.12; 127.13; 127.13; 127.14;
      127.15 ]
    (from 0 15 (Flow.vwap ~period:0 ~timestamp ~high ~low ~close ~volume))

let () =
  let case name f = Alcotest.test_case name `Quick f in
  Alcotest.run "published"
    [
      ( "TA-Lib",
        [ case "wma, stddev, roc" ta_lib_averages; case "macd" ta_lib_macd; case "adx, cci" ta_lib_trend;
          case "atr, stochastic" ta_lib_ranges ] );
      ( "ChartSchool",
        [ case "bollinger" chartschool_bollinger; case "stochastic" chartschool_stochastic; case "vwap" chartschool_vwap;
          case "atr" chartschool_atr ] );
    ]
